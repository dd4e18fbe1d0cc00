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
 * A Postgres server of the application's own, which runs as its child process and keeps
 * its data.
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
	 * Starts the server, on any free port, after stopping the one that an application
	 * left running when it was killed.
	 * @param folder where the data is
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
					+ ". Set spring.datasource.url to use a server of your own", ex);
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
			// not the folder for temporary files, where other accounts may replace them;
			// one in a private folder, as the library makes it writable for everybody
			.setOverrideWorkingDirectory(folder.postgresPrograms().resolve("unpacked").toFile())
			.setPgBinaryResolver(
					(system, machine) -> DefaultPostgresBinaryResolver.INSTANCE.getPgBinary(system, machine))
			// options of initdb, which has no others; only a new server is initialized
			.setLocaleConfig("auth", "scram-sha-256")
			.setLocaleConfig("pwfile", access.passwordFile().toString())
			.setConnectConfig("user", role)
			.setConnectConfig("password", access.password())
			// its hook would stop the server while the application still drains
			.setRegisterShutdownHook(false)
			.setPGStartupWait(Duration.ofSeconds(60))
			// made for tests, the library turns these off: a crash would lose commits
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
	 * Creates a folder that no other account of the machine may look into, where the file
	 * system knows such permissions.
	 */
	private static void createPrivately(Path folder) throws IOException {
		Files.createDirectories(folder);
		if (Files.getFileAttributeView(folder, PosixFileAttributeView.class) != null) {
			Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
		}
	}

	/**
	 * Marks the folder as in use. The operating system takes the lock back however the
	 * process ends.
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
