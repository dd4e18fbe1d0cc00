package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;

import io.zonky.test.db.postgres.embedded.DefaultPostgresBinaryResolver;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.jspecify.annotations.Nullable;

/**
 * An embedded Postgres server, which runs as a child process and keeps its data.
 */
final class LocalPostgres implements AutoCloseable {

	private final FileChannel lock;

	private final EmbeddedPostgres server;

	private final String password;

	private LocalPostgres(FileChannel lock, EmbeddedPostgres server, String password) {
		this.lock = lock;
		this.server = server;
		this.password = password;
	}

	/**
	 * Starts the server on a free port. Stops a server first that a killed application
	 * has left running.
	 * @param folder the folder of the data
	 * @return the running server
	 * @throws IllegalStateException if another application is using the folder
	 */
	static LocalPostgres start(DataFolder folder) {
		FileChannel lock = lock(folder);
		try {
			LeftoverPostmaster.stop(folder.postgres());
			createPrivately(folder.postgresPrograms());
			PostgresAccess access = new PostgresAccess(folder);
			return new LocalPostgres(lock, start(folder, access), access.password());
		}
		catch (IOException | SQLException | RuntimeException ex) {
			close(lock);
			throw new IllegalStateException("Cannot start Postgres in " + folder.postgres()
					+ ". Set spring.datasource.url to use an external server", ex);
		}
	}

	private static EmbeddedPostgres start(DataFolder folder, PostgresAccess access) throws IOException, SQLException {
		if (access.isRestricted()) {
			return start(folder, access, PostgresAccess.ROLE);
		}
		boolean opened = access.permitSetup();
		EmbeddedPostgres server = start(folder, access, PostgresAccess.SUPERUSER);
		try {
			access.restrict(server.getPostgresDatabase());
		}
		catch (IOException | SQLException | RuntimeException ex) {
			server.close();
			throw ex;
		}
		if (!opened) {
			return server;
		}
		server.close();
		return start(folder, access, PostgresAccess.ROLE);
	}

	private static EmbeddedPostgres start(DataFolder folder, PostgresAccess access, String role) throws IOException {
		return EmbeddedPostgres.builder()
			.setDataDirectory(folder.postgres())
			.setCleanDataDirectory(false)
			// not the temporary folder, where other accounts may replace them;
			// one in a private folder, because the library makes it writable for all
			// accounts
			.setOverrideWorkingDirectory(folder.postgresPrograms().resolve("unpacked").toFile())
			.setPgBinaryResolver(
					(system, machine) -> DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine))
			// the only options of initdb; only a new server is initialized
			.setLocaleConfig("auth", "scram-sha-256")
			.setLocaleConfig("pwfile", access.passwordFile().toString())
			.setConnectConfig("user", role)
			.setConnectConfig("password", access.password())
			// its hook would stop the server while the application still drains
			.setRegisterShutdownHook(false)
			.setPGStartupWait(Duration.ofSeconds(60))
			// the library, made for tests, disables these: a crash would lose commits
			.setServerConfig("fsync", "on")
			.setServerConfig("synchronous_commit", "on")
			.start();
	}

	String jdbcUrl() {
		return "jdbc:postgresql://localhost:%d/postgres".formatted(this.server.getPort());
	}

	String username() {
		return PostgresAccess.ROLE;
	}

	String password() {
		return this.password;
	}

	@Override
	public void close() {
		try {
			this.server.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		finally {
			close(this.lock);
		}
	}

	/**
	 * Creates a folder that other accounts of the machine cannot read, if the file system
	 * supports permissions.
	 */
	private static void createPrivately(Path folder) throws IOException {
		Files.createDirectories(folder);
		if (Files.getFileAttributeView(folder, PosixFileAttributeView.class) != null) {
			Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
		}
	}

	/**
	 * Locks the folder. The operating system releases the lock when the process ends,
	 * even after a kill.
	 */
	private static FileChannel lock(DataFolder folder) {
		try {
			folder.create();
			FileChannel channel = FileChannel.open(folder.lock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
			if (tryLock(channel) == null) {
				close(channel);
				throw new IllegalStateException("Another application is using the data in " + folder.path()
						+ ". Give this one its own folder with chat.data-dir, or let both use the same Postgres with"
						+ " spring.datasource.url");
			}
			return channel;
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot use the data folder " + folder.path(), ex);
		}
	}

	private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
		try {
			return channel.tryLock();
		}
		catch (OverlappingFileLockException ex) {
			return null;
		}
	}

	private static void close(FileChannel lock) {
		try {
			lock.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
