package dev.resumablews.internal.schema;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Sees to it that the tables exist and are up to date.
 */
interface SchemaMigration {

	/**
	 * Returns when the tables are there.
	 * @param schema the schema they are in
	 * @throws ResumableWsConfigurationException if they are not, and cannot be made
	 */
	void migrate(SchemaName schema);

}
