package dev.resumablews.internal.schema;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Strategy that creates or updates the tables.
 */
interface SchemaMigration {

	/**
	 * Creates or updates the tables if necessary.
	 * @param schema the schema of the tables
	 * @throws ResumableWsConfigurationException if the tables are not up to date and
	 * cannot be updated
	 */
	void migrate(SchemaName schema);

}
