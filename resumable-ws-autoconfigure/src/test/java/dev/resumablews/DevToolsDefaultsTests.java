package dev.resumablews;

import java.time.Duration;
import java.util.Properties;

import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.support.PropertiesLoaderUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the property defaults with Spring Boot's devtools.
 */
class DevToolsDefaultsTests {

	private static final String PREFIX = "defaults.";

	@Test
	void aRestartDoesNotWaitForReplies() throws Exception {
		new ApplicationContextRunner().withUserConfiguration(Bound.class)
			.withPropertyValues(defaultsOf("resumable-ws."))
			.run((context) -> {
				ResumableWsProperties.Shutdown shutdown = context.getBean(ResumableWsProperties.class).shutdown();
				assertThat(shutdown.replyGrace()).isZero();
				assertThat(shutdown.reconnectWindow()).isLessThanOrEqualTo(Duration.ofMillis(500));
			});
	}

	/**
	 * Filters by prefix, because Spring Boot's own modules also have files with this
	 * name.
	 */
	private static String[] defaultsOf(String prefix) throws Exception {
		Properties all = PropertiesLoaderUtils.loadAllProperties("META-INF/spring-devtools.properties");
		return all.stringPropertyNames()
			.stream()
			.filter((name) -> name.startsWith(PREFIX + prefix))
			.map((name) -> name.substring(PREFIX.length()) + "=" + all.getProperty(name))
			.toArray(String[]::new);
	}

	@Configuration(proxyBeanMethods = false)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class Bound {

	}

}
