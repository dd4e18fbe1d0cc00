package dev.resumablews.internal.schema;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The result of an inspection of the database.
 *
 * @param role the role of the application's connection
 * @param unusable the schema, if the role has no usage privilege; empty otherwise
 * @param missing tables, indexes and columns that do not exist
 * @param privileges privileges that the role lacks, by table
 * @param policies commands for which no policy shows the role any row, by table
 * @param changes change sets recorded in the change log, if it was read
 */
record InstalledSchema(String role, String unusable, Set<String> missing, Map<String, Set<String>> privileges,
		Map<String, Set<String>> policies, Set<String> changes) {

	private static final Comparator<String> BY_FILE = Comparator.comparingInt(SchemaFiles.tables()::indexOf);

	private static final int NAMED = 4;

	InstalledSchema(String role) {
		this(role, "", new HashSet<>(), new TreeMap<>(BY_FILE), new TreeMap<>(BY_FILE), new HashSet<>());
	}

	InstalledSchema withUnusable(String schema) {
		return new InstalledSchema(this.role, schema, this.missing, this.privileges, this.policies, this.changes);
	}

	/**
	 * Returns the names of missing objects, abbreviated if there are many.
	 * @return tables, indexes and columns, without the columns of missing tables
	 */
	String missingNames() {
		return SchemaProblems.list(Stream
			.concat(SchemaFiles.tables().stream(),
					FileWitness.all()
						.stream()
						.filter((witness) -> witness.column().isEmpty() || !this.missing.contains(witness.relation()))
						.map((witness) -> name(witness.relation(), witness.column())))
			.filter(this.missing::contains)
			.distinct()
			.toList(), NAMED);
	}

	/**
	 * Returns the files that have not run.
	 * @return their names, in the order in which to run them
	 */
	List<String> filesToRun() {
		Stream<String> files = FileWitness.all()
			.stream()
			.filter((witness) -> this.missing.contains(name(witness.relation(), witness.column())))
			.map(FileWitness::file);
		List<String> found = files.toList();
		// a missing table without a witness is created by the first file
		return (found.isEmpty() && !this.missing.isEmpty()) ? List.of(FileWitness.all().get(0).file()) : found;
	}

	/**
	 * Returns the name of an object that may be missing.
	 * @param relation a table or an index
	 * @param column a column of the table; empty for the relation itself
	 * @return the name
	 */
	static String name(String relation, String column) {
		return column.isEmpty() ? relation : relation + "." + column;
	}

}
