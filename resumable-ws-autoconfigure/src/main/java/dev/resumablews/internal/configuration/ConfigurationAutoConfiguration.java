package dev.resumablews.internal.configuration;

import java.time.Duration;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of the checks of the configuration. Without a condition: also
 * {@code resumable-ws.enabled} can be misspelled.
 */
@AutoConfiguration(after = JdbcAutoConfiguration.class)
public final class ConfigurationAutoConfiguration {

	@Bean
	static PropertySourceCheck resumableWsPropertySourceCheck(ConfigurableEnvironment environment) {
		return new PropertySourceCheck(environment);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(JdbcExecutor.class)
	@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class InvariantConfiguration {

		/**
		 * As Spring Boot has it.
		 */
		private static final String SHUTDOWN_PHASE = "spring.lifecycle.timeout-per-shutdown-phase";

		private static final Duration DEFAULT_SHUTDOWN_PHASE = Duration.ofSeconds(30);

		@Bean
		InvariantCheck resumableWsInvariantCheck(ResumableWsProperties properties, Environment environment,
				ObjectProvider<ApplicationPool> pool) {
			Duration phase = environment.getProperty(SHUTDOWN_PHASE, Duration.class, DEFAULT_SHUTDOWN_PHASE);
			return new InvariantCheck(properties, phase, () -> {
				ApplicationPool found = pool.getIfAvailable();
				return (found != null) ? found.size().getAsInt() : Integer.MAX_VALUE;
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HikariDataSource.class, DataSourceUnwrapper.class })
	@ConditionalOnBean(JdbcExecutor.class)
	static class HikariConfiguration {

		@Bean
		ApplicationPool resumableWsApplicationPool(ObjectProvider<DataSource> dataSource) {
			return new ApplicationPool(() -> {
				HikariDataSource pool = DataSourceUnwrapper.unwrap(dataSource.getIfUnique(), HikariDataSource.class);
				return (pool != null) ? pool.getMaximumPoolSize() : Integer.MAX_VALUE;
			});
		}

	}

}
