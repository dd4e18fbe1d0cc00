package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.jspecify.annotations.Nullable;

/**
 * A Postgres server of the application's own, which runs as its child process and keeps
 * its data.
 */
final class LocalPostgres implements AutoCloseable {

	private final FileChannel lock;

	private final EmbeddedPostgres server;

	private LocalPostgres(FileChannel lock, EmbeddedPostgres server) {
		this.lock = lock;
		this.server = server;
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
			return new LocalPostgres(lock,
					EmbeddedPostgres.builder()
						.setDataDirectory(folder.postgres())
						.setCleanDataDirectory(false)
						// its hook would stop the server while the application still
						// drains
						.setRegisterShutdownHook(false)
						.setPGStartupWait(Duration.ofSeconds(60))
						// made for tests, the library turns these off: a crash would lose
						// commits
						.setServerConfig("fsync", "on")
						.setServerConfig("synchronous_commit", "on")
						.start());
		}
		catch (IOException | RuntimeException ex) {
			close(lock);
			throw new IllegalStateException("Cannot start Postgres in " + folder.postgres()
					+ ". Set spring.datasource.url to use a server of your own", ex);
		}
	}

	String jdbcUrl() {
		return this.server.getJdbcUrl("postgres", "postgres");
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
