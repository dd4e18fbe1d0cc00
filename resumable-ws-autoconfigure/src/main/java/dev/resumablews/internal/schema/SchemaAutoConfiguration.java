package dev.resumablews.internal.schema;

import java.time.Duration;

import javax.sql.DataSource;

import dev.resumablews.ResumableWsProperties;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.sql.init.dependency.DatabaseInitializationDependencyConfigurer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;

/**
 * Creates and updates the tables. The {@link SchemaName} bean exists only after that, so
 * whoever is given it finds the tables.
 */
@AutoConfiguration(afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration")
@ConditionalOnClass(DatabaseInitializationDependencyConfigurer.class)
@ConditionalOnSingleCandidate(DataSource.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
@Import(DatabaseInitializationDependencyConfigurer.class)
@ImportRuntimeHints(SchemaRuntimeHints.class)
public final class SchemaAutoConfiguration {

	private static final Duration WAIT_FOR_OTHER_NODE = Duration.ofMinutes(2);

	@Bean
	SchemaName resumableWsSchemaName(ResumableWsProperties properties, SchemaMigration migration) {
		SchemaName schema = new SchemaName(properties.schema().name());
		migration.migrate(schema);
		return schema;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "resumable-ws.schema.migrate", havingValue = false)
	static class WithoutMigration {

		@Bean
		SchemaMigration resumableWsSchemaMigration() {
			return (schema) -> {
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "resumable-ws.schema.migrate", matchIfMissing = true)
	@ConditionalOnClass(name = "liquibase.Scope")
	static class WithLiquibase {

		@Bean
		SchemaMigration resumableWsSchemaMigration(DataSource dataSource) {
			return new LiquibaseSchemaMigration(dataSource, WAIT_FOR_OTHER_NODE);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "resumable-ws.schema.migrate", matchIfMissing = true)
	@ConditionalOnMissingClass("liquibase.Scope")
	static class WithoutLiquibase {

		@Bean
		SchemaMigration resumableWsSchemaMigration(DataSource dataSource) {
			return new ExistingTables(dataSource);
		}

	}

}
