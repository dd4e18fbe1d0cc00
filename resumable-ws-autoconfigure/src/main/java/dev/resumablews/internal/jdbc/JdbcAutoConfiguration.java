package dev.resumablews.internal.jdbc;

import java.time.Duration;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.ResumableWsProperties.Signal;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration for the library's connections to Postgres. They come from the
 * {@link DataSource} bean named {@code resumableWsDataSource} if there is one (declare it
 * with {@code defaultCandidate = false}), otherwise from a small pool with the settings
 * of the application's pool, otherwise from the application's pool.
 */
@AutoConfiguration(after = SchemaAutoConfiguration.class)
@ConditionalOnBean(SchemaName.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class JdbcAutoConfiguration {

	private static final Log logger = LogFactory.getLog(JdbcAutoConfiguration.class);

	@Bean
	JdbcExecutor resumableWsJdbcExecutor(ChosenDataSource chosen, SchemaName schema, ResumableWsProperties properties,
			@Qualifier("resumableWsDataSource") ObjectProvider<DataSource> provided,
			ObjectProvider<OwnConnections> created) {
		Duration timeout = properties.log().statementTimeout();
		DataSource own = provided.getIfAvailable();
		if (own == null) {
			OwnConnections connections = created.getIfAvailable();
			own = (connections != null) ? connections.dataSource() : null;
		}
		if (own == null) {
			return new JdbcExecutor(chosen.dataSource(), chosen.dataSource(), schema, timeout, Integer.MAX_VALUE,
					properties.log().epoch());
		}
		int unreserved = Math.max(1, size(properties) - needs(properties).reserved());
		return new JdbcExecutor(chosen.dataSource(), own, schema, timeout, unreserved, properties.log().epoch());
	}

	private static int size(ResumableWsProperties properties) {
		Integer size = properties.pool().size();
		return (size != null) ? size : needs(properties).total();
	}

	private static ConnectionNeeds needs(ResumableWsProperties properties) {
		return ConnectionNeeds.of(properties.log().writers(), properties.log().readers(),
				properties.cluster().signal() == Signal.POLLING, !properties.relay().isEmpty());
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HikariDataSource.class, JdbcConnectionDetails.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.pool.enabled", matchIfMissing = true)
	static class OwnPoolConfiguration {

		@Bean
		OwnConnections resumableWsOwnConnections(ChosenDataSource chosen, ObjectProvider<JdbcConnectionDetails> details,
				@Qualifier("resumableWsDataSource") ObjectProvider<DataSource> provided,
				ResumableWsProperties properties) {
			if (provided.getIfAvailable() != null) {
				return new OwnConnections(null);
			}
			HikariConfig config = config(chosen.dataSource(), chosen.alone() ? details.getIfUnique() : null);
			if (config == null) {
				logger.info("resumable-ws shares the application's connection pool, as the database's address is not"
						+ " known; define a DataSource bean named resumableWsDataSource to give it one");
				return new OwnConnections(null);
			}
			return new OwnConnections(OwnPool.create(config, size(properties)));
		}

		private static @Nullable HikariConfig config(DataSource applications, @Nullable JdbcConnectionDetails details) {
			HikariConfig config = new HikariConfig();
			HikariDataSource pool = DataSourceUnwrapper.unwrap(applications, HikariDataSource.class);
			if (pool != null) {
				pool.copyStateTo(config);
				return config;
			}
			if (details == null) {
				return null;
			}
			config.setJdbcUrl(details.getJdbcUrl());
			config.setUsername(details.getUsername());
			config.setPassword(details.getPassword());
			config.setDriverClassName(details.getDriverClassName());
			return config;
		}

	}

}
