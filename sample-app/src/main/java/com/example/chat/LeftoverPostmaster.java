package com.example.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a Postgres server that was left running by a killed application.
 * <p>
 * A server writes its process id into {@code postmaster.pid}, and does not start while
 * the file names a running process. After a kill, the file may name
 * <ol>
 * <li>the server, if it is still running: the server is stopped,
 * <li>no running process: the file is kept, because the next server uses it to detect
 * processes of the dead one that still write to the data,
 * <li>an unrelated process that has the same id: the process is left alone, and the file
 * is removed.
 * </ol>
 */
final class LeftoverPostmaster {

	private static final Logger logger = LoggerFactory.getLogger(LeftoverPostmaster.class);

	private static final long STOP_SECONDS = 15;

	private LeftoverPostmaster() {
	}

	/**
	 * Stops the server that uses the data folder, if there is one. The caller must ensure
	 * that no other application uses it.
	 * @param dataFolder the server's data folder
	 */
	static void stop(Path dataFolder) throws IOException {
		Path pidFile = dataFolder.resolve("postmaster.pid");
		Optional<ProcessHandle> process = processId(pidFile).flatMap(ProcessHandle::of).filter(ProcessHandle::isAlive);
		if (process.isEmpty()) {
			return;
		}
		if (isPostmasterOf(process.get(), dataFolder)) {
			logger.info("Stopping Postgres, process {}, which was left running in {}", process.get().pid(), dataFolder);
			stop(process.get());
		}
		else {
			Files.delete(pidFile);
		}
	}

	private static Optional<Long> processId(Path pidFile) throws IOException {
		if (!Files.exists(pidFile)) {
			return Optional.empty();
		}
		List<String> lines = Files.readAllLines(pidFile);
		return lines.stream()
			.findFirst()
			.map(String::strip)
			.filter((line) -> line.matches("\\d{1,10}"))
			.map(Long::valueOf);
	}

	private static boolean isPostmasterOf(ProcessHandle process, Path dataFolder) {
		ProcessHandle.Info info = process.info();
		boolean postgres = info.command()
			.map((command) -> Path.of(command).getFileName().toString())
			.filter((name) -> name.equals("postgres") || name.equals("postgres.exe"))
			.isPresent();
		// Windows does not expose the arguments of a process
		return postgres
				&& info.arguments().map((arguments) -> List.of(arguments).contains(dataFolder.toString())).orElse(true);
	}

	private static void stop(ProcessHandle server) throws IOException {
		if (!interrupt(server)) {
			server.destroy();
		}
		if (!ended(server)) {
			server.destroyForcibly();
			ended(server);
		}
	}

	/**
	 * Requests a fast shutdown, which, unlike {@link ProcessHandle#destroy()}, does not
	 * wait for clients to disconnect.
	 */
	private static boolean interrupt(ProcessHandle server) throws IOException {
		if (System.getProperty("os.name").startsWith("Windows")) {
			return false;
		}
		Process kill = new ProcessBuilder("kill", "-INT", Long.toString(server.pid())).start();
		return kill.onExit().join().exitValue() == 0;
	}

	private static boolean ended(ProcessHandle server) {
		try {
			server.onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
			return true;
		}
		catch (TimeoutException | ExecutionException ex) {
			return false;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

}
