package dev.resumablews.internal.schema;

import java.util.Set;

import org.springframework.boot.sql.init.dependency.AbstractBeansOfTypeDatabaseInitializerDetector;

/**
 * Orders beans that depend on database initialization after the migration.
 */
final class SchemaInitializerDetector extends AbstractBeansOfTypeDatabaseInitializerDetector {

	@Override
	protected Set<Class<?>> getDatabaseInitializerBeanTypes() {
		return Set.of(SchemaName.class);
	}

	/**
	 * Runs after the application's Liquibase (0) and Flyway (1), because Flyway refuses
	 * to migrate a schema that already has tables.
	 */
	@Override
	public int getOrder() {
		return 100;
	}

}
