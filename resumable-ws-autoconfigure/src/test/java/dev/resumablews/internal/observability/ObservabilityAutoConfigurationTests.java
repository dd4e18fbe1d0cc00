package dev.resumablews.internal.observability;

import java.time.Duration;

import dev.resumablews.ResumableWsListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.simple.SimpleMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

class ObservabilityAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ObservabilityAutoConfiguration.class, MetricsAutoConfiguration.class,
				CompositeMeterRegistryAutoConfiguration.class, SimpleMetricsExportAutoConfiguration.class));

	@Test
	void theRegistryOfSpringBootIsUsed() {
		this.runner.run((context) -> {
			context.getBean(ResumableWsListener.class).onAppendRejected();
			assertThat(context.getBean(MeterRegistry.class).get("resumable.ws.log.refused").counter().count())
				.isEqualTo(1);
		});
	}

	@Test
	void theApplicationsRegistryIsUsed() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		this.runner.withBean(MeterRegistry.class, () -> registry).run((context) -> {
			assertThat(context).hasSingleBean(MicrometerListener.class);
			assertThat(registry.find("resumable.ws.connections").gauge()).isNotNull();
		});
	}

	@Test
	void severalRegistriesAreEachUpdatedOnce() {
		SimpleMeterRegistry one = new SimpleMeterRegistry();
		SimpleMeterRegistry two = new SimpleMeterRegistry();
		this.runner.withBean("one", MeterRegistry.class, () -> one)
			.withBean("two", MeterRegistry.class, () -> two)
			.run((context) -> {
				context.getBean(ResumableWsListener.class).onBatchStored(3, Duration.ofMillis(1));
				assertThat(one.get("resumable.ws.log.batch.size").summary().totalAmount()).isEqualTo(3);
				assertThat(two.get("resumable.ws.log.batch.size").summary().totalAmount()).isEqualTo(3);
			});
	}

	@Test
	void withoutARegistryNothingIsCounted() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(ObservabilityAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ResumableWsListener.class));
	}

	@Test
	void withoutMicrometerNothingIsCounted() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(ObservabilityAutoConfiguration.class))
			.withClassLoader(new FilteredClassLoader("io.micrometer"))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ResumableWsListener.class));
	}

	@Test
	void aDisabledLibraryCountsNothing() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(ResumableWsListener.class));
	}

	@Test
	void metersAreDisabledByThePropertyOfSpringBoot() {
		this.runner.withPropertyValues("management.metrics.enable.resumable.ws.log=false").run((context) -> {
			MeterRegistry registry = context.getBean(MeterRegistry.class);
			assertThat(registry.find("resumable.ws.log.refused").counter()).isNull();
			assertThat(registry.find("resumable.ws.connections").gauge()).isNotNull();
		});
	}

}
