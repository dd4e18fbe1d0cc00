package dev.resumablews.internal.schema;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

import javax.sql.DataSource;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Reads the existing tables and the role's privileges from the catalog in one statement.
 * This is the only way to detect a missing policy: a read that no policy permits returns
 * no rows instead of an error.
 */
final class SchemaInspector {

	private static final String CATALOG = """
			with wanted as (
				select w.relation, w.attribute, w.is_table, s.schema
				from unnest(?::text[], ?::text[], ?::boolean[]) as w (relation, attribute, is_table), (select ?::text) as s (schema)
			), found as materialized (
				select w.relation, w.attribute, w.is_table, c.oid
				from wanted w
				left join pg_class c on c.relname = w.relation
					and case when w.schema = '' then pg_table_is_visible(c.oid)
						else c.relnamespace = (select n.oid from pg_namespace n where n.nspname = w.schema) end
			)
			select 'role' as kind, current_user::text as name, '' as detail
			union all
			select distinct 'usage', n.nspname::text, ''
			from wanted w
			join pg_namespace n on n.nspname = w.schema
			where not has_schema_privilege(n.oid, 'usage')
			union all
			select 'missing', f.relation, f.attribute
			from found f
			where f.oid is null or f.attribute <> '' and not exists (
				select from pg_attribute a where a.attrelid = f.oid and a.attname = f.attribute and not a.attisdropped)
			union all
			select 'privilege', f.relation, p.privilege
			from found f
			cross join unnest(array['select', 'insert', 'update', 'delete']) as p (privilege)
			where f.is_table and f.oid is not null and not has_table_privilege(f.oid, p.privilege)
			union all
			select 'policy', f.relation, c.name
			from found f
			cross join (values ('r', 'select'), ('a', 'insert'), ('w', 'update'), ('d', 'delete')) as c (code, name)
			where f.is_table and f.oid is not null and row_security_active(f.oid) and not exists (
				select from pg_policy p
				where p.polrelid = f.oid and p.polpermissive and p.polcmd::text in (c.code, '*')
					and (0 = any (p.polroles) or exists (
						select from unnest(p.polroles) as member (role) where pg_has_role(member.role, 'usage'))))
			""";

	private static final String CHANGES = """
			union all
			select 'change', filename::text, id::text
			from ws_databasechangelog
			""";

	private final DataSource dataSource;

	private final SchemaName schema;

	SchemaInspector(DataSource dataSource, SchemaName schema) {
		this.dataSource = dataSource;
		this.schema = schema;
	}

	/**
	 * Inspects the tables.
	 * @return the installed schema
	 * @throws SQLException if the database cannot be reached or rejects the statement
	 * @throws ResumableWsConfigurationException if the database is not Postgres or is
	 * read-only
	 */
	InstalledSchema inspect() throws SQLException {
		return inspect(CATALOG);
	}

	/**
	 * Inspects the tables and the change log.
	 * @return the installed schema
	 * @throws SQLException as {@link #inspect()}, and if there is no change log
	 */
	InstalledSchema inspectWithChanges() throws SQLException {
		String changes = this.schema.value().isEmpty() ? CHANGES
				: CHANGES.replace("from ", "from \"" + this.schema.value() + "\".");
		return inspect(CATALOG + changes);
	}

	private InstalledSchema inspect(String sql) throws SQLException {
		return StartConnection.with(this.dataSource, true, (connection) -> {
			try (PreparedStatement statement = connection
				.prepareStatement(String.join("; ", StartConnection.BOUNDS, sql))) {
				setParameters(statement);
				statement.execute();
				statement.getMoreResults();
				try (ResultSet rows = statement.getResultSet()) {
					return read(rows);
				}
			}
		});
	}

	private void setParameters(PreparedStatement statement) throws SQLException {
		List<FileWitness> witnesses = FileWitness.all();
		List<String> tables = SchemaFiles.tables();
		Connection connection = statement.getConnection();
		statement.setArray(1, connection.createArrayOf("text",
				Stream.concat(tables.stream(), witnesses.stream().map(FileWitness::relation)).toArray()));
		statement.setArray(2,
				connection.createArrayOf("text",
						Stream.concat(tables.stream().map((table) -> ""), witnesses.stream().map(FileWitness::column))
							.toArray()));
		statement.setArray(3,
				connection.createArrayOf("boolean",
						Stream.concat(tables.stream().map((table) -> true), witnesses.stream().map((witness) -> false))
							.toArray()));
		statement.setString(4, this.schema.value());
	}

	private static InstalledSchema read(ResultSet rows) throws SQLException {
		rows.next();
		InstalledSchema installed = new InstalledSchema(rows.getString("name"));
		while (rows.next()) {
			String name = rows.getString("name");
			String detail = rows.getString("detail");
			switch (rows.getString("kind")) {
				case "usage" -> installed = installed.withUnusable(name);
				case "missing" -> installed.missing().add(InstalledSchema.name(name, detail));
				case "privilege" ->
					installed.privileges().computeIfAbsent(name, (table) -> new TreeSet<>()).add(detail);
				case "policy" -> installed.policies().computeIfAbsent(name, (table) -> new TreeSet<>()).add(detail);
				default -> installed.changes().add(ChangeSets.identity(name, detail));
			}
		}
		return installed;
	}

}
