package dev.resumablews.internal.schema;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.sql.init.dependency.DatabaseInitializationDependencyConfigurer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.io.ResourceLoader;

/**
 * Auto-configuration for the tables. The {@link SchemaName} bean is created after the
 * migration, so beans that depend on it can use the tables.
 */
@AutoConfiguration(after = DataSourceChoiceAutoConfiguration.class)
@ConditionalOnClass(DatabaseInitializationDependencyConfigurer.class)
@ConditionalOnBean(ChosenDataSource.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
@Import(DatabaseInitializationDependencyConfigurer.class)
@ImportRuntimeHints(SchemaRuntimeHints.class)
public final class SchemaAutoConfiguration {

	@Bean
	SchemaName resumableWsSchemaName(ResumableWsProperties properties, ObjectProvider<SchemaMigration> migration) {
		SchemaName schema = new SchemaName(properties.schema().name());
		migration.ifAvailable((available) -> available.migrate(schema));
		return schema;
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "resumable-ws.schema.migrate", matchIfMissing = true)
	static class WithMigration {

		@Bean
		SchemaMigration resumableWsSchemaMigration(ChosenDataSource chosen, ResourceLoader loader) {
			ClassLoader classLoader = loader.getClassLoader();
			return new RequiredMigration(chosen,
					(classLoader != null) ? classLoader : SchemaAutoConfiguration.class.getClassLoader());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBooleanProperty(name = "resumable-ws.schema.migrate", havingValue = false)
	static class WithoutMigration {

		@Bean
		SchemaCheck resumableWsSchemaCheck(ChosenDataSource chosen, SchemaName schema) {
			return new SchemaCheck(chosen, schema);
		}

	}

}
