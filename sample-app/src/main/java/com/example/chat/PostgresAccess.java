package com.example.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

import javax.sql.DataSource;

/**
 * Restricts the connections to the embedded Postgres to one role without superuser
 * rights, with a password, from this machine. Other accounts of the machine can also
 * reach its port, and a superuser could run programs as the application's user.
 */
final class PostgresAccess {

	/**
	 * Role of the application.
	 */
	static final String ROLE = "chat";

	/**
	 * Role that sets up the application's role, and cannot connect afterwards.
	 */
	static final String SUPERUSER = "postgres";

	private static final String RULES = """
			# Written by the application: only its own role may connect.
			host all chat 127.0.0.1/32 scram-sha-256
			host all chat ::1/128 scram-sha-256
			""";

	private static final String RULES_FOR_SETUP = """
			# Written by the application, for the moment in which it sets up its own role.
			host postgres postgres 127.0.0.1/32 trust
			host postgres postgres ::1/128 trust
			""";

	private static final String CREATE_ROLE = """
			do $$
			begin
				if not exists (select from pg_roles where rolname = 'chat') then
					create role chat;
				end if;
			end
			$$
			""";

	/**
	 * The password is hexadecimal, and a role's password cannot be a parameter.
	 */
	private static final String ALTER_ROLE = """
			alter role chat with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '%s'
			""";

	private static final String OWN_DATABASE = "alter database postgres owner to chat";

	/**
	 * Changes the owner of tables that an earlier version created as the superuser.
	 */
	private static final String OWN_TABLES = """
			do $$
			declare
				item record;
			begin
				for item in
					select nspname from pg_namespace
					where nspowner = 'postgres'::regrole and nspname !~ '^pg_' and nspname <> 'information_schema'
				loop
					execute format('alter schema %I owner to chat', item.nspname);
				end loop;
				for item in
					select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
					where c.relowner = 'postgres'::regrole and c.relkind in ('r', 'p', 'v', 'm')
						and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
				loop
					execute format('alter table %s owner to chat', item.name);
				end loop;
			end
			$$
			""";

	private final Path rules;

	private final Path passwordFile;

	private final boolean restricted;

	private final String password;

	/**
	 * Creates an instance for the server of a folder, which must not be running.
	 */
	PostgresAccess(DataFolder folder) throws IOException {
		this.rules = folder.postgres().resolve("pg_hba.conf");
		this.passwordFile = folder.postgresPassword();
		this.restricted = Files.exists(this.passwordFile) && Files.exists(this.rules)
				&& Files.readString(this.rules).equals(RULES);
		this.password = SecretFile.read(this.passwordFile);
	}

	/**
	 * Returns whether the server lets only the application's role connect.
	 */
	boolean isRestricted() {
		return this.restricted;
	}

	String password() {
		return this.password;
	}

	/**
	 * Returns the file with the password.
	 */
	Path passwordFile() {
		return this.passwordFile;
	}

	/**
	 * Permits the superuser to set up an existing server that is not restricted, because
	 * an earlier version created it, the set-up was interrupted or the password is lost.
	 * Does nothing without an existing server: a new one has a password from the start.
	 * @return whether the server lets the superuser connect without a password until it
	 * is restarted
	 */
	boolean permitSetup() throws IOException {
		boolean exists = Files.exists(this.rules);
		if (exists) {
			Files.writeString(this.rules, RULES_FOR_SETUP);
		}
		return exists;
	}

	/**
	 * Sets the password of the application's role, makes it the owner of everything in
	 * the database, and removes the superuser's password.
	 * @param superuser connections of the superuser
	 */
	void restrict(DataSource superuser) throws IOException, SQLException {
		try (Connection connection = superuser.getConnection(); Statement statement = connection.createStatement()) {
			statement.execute(CREATE_ROLE);
			statement.execute(ALTER_ROLE.formatted(this.password));
			statement.execute(OWN_DATABASE);
			statement.execute(OWN_TABLES);
			statement.execute("alter role postgres password null");
			Files.writeString(this.rules, RULES);
			statement.execute("select pg_reload_conf()");
		}
	}

}
