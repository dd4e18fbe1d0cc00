package dev.resumablews.internal.budget;

import dev.resumablews.testing.StartFailure;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class BudgetAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(BudgetAutoConfiguration.class));

	@Test
	void withoutBucket4jTheStartFailsAndNamesTheDependency() {
		this.runner.withClassLoader(new FilteredClassLoader("io.github.bucket4j"))
			.run((context) -> assertThat(StartFailure.analyze(context.getStartupFailure()).getAction())
				.contains("com.bucket4j:bucket4j_jdk17-core", "resumable-ws-starter"));
	}

	@Test
	void aDisabledLibraryNeedsNoBucket4j() {
		this.runner.withClassLoader(new FilteredClassLoader("io.github.bucket4j"))
			.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

}
