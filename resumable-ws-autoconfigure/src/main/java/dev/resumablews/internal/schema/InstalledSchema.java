package dev.resumablews.internal.schema;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What an inspection of the database has found.
 *
 * @param role the role that the application connects as
 * @param unusable the schema, if the role may not use it; empty otherwise
 * @param missing tables, indexes and columns that do not exist
 * @param privileges by table, what the role is not granted
 * @param policies by table, the commands for which no policy shows the role any row
 * @param changes the change sets that the change log has recorded, if it was read
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
	 * Names what is missing, or some of it.
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
	 * @return their names, in the order in which they are to be run
	 */
	List<String> filesToRun() {
		Stream<String> files = FileWitness.all()
			.stream()
			.filter((witness) -> this.missing.contains(name(witness.relation(), witness.column())))
			.map(FileWitness::file);
		List<String> found = files.toList();
		// a table without a witness is one of those that the first file creates
		return (found.isEmpty() && !this.missing.isEmpty()) ? List.of(FileWitness.all().get(0).file()) : found;
	}

	/**
	 * Returns the name of something that may be missing.
	 * @param relation a table or an index
	 * @param column a column of the table; empty for the relation itself
	 * @return the name
	 */
	static String name(String relation, String column) {
		return column.isEmpty() ? relation : relation + "." + column;
	}

}
