package dev.resumablews.internal.schema;

import java.util.Set;

import org.springframework.boot.sql.init.dependency.AbstractBeansOfTypeDatabaseInitializerDetector;

/**
 * Puts beans that need an initialized database after the migration.
 */
final class SchemaInitializerDetector extends AbstractBeansOfTypeDatabaseInitializerDetector {

	@Override
	protected Set<Class<?>> getDatabaseInitializerBeanTypes() {
		return Set.of(SchemaName.class);
	}

	/**
	 * Later than the application's Liquibase (0) and Flyway (1): Flyway refuses to begin
	 * in a schema that has tables already.
	 */
	@Override
	public int getOrder() {
		return 100;
	}

}
