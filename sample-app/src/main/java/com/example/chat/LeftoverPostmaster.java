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
 * Stops a Postgres server that outlived the application that started it.
 * <p>
 * A server writes its process id into {@code postmaster.pid} and refuses to start while
 * that names a running process. After a kill it may name
 * <ol>
 * <li>the server, which still runs: it is stopped,
 * <li>nothing: then the file stays, as the next server finds out by it whether processes
 * of the dead one still write to the data,
 * <li>once the number was given out again, a process that has nothing to do with it: that
 * must not be touched, and the file is removed.
 * </ol>
 */
final class LeftoverPostmaster {

	private static final Logger logger = LoggerFactory.getLogger(LeftoverPostmaster.class);

	private static final long STOP_SECONDS = 15;

	private LeftoverPostmaster() {
	}

	/**
	 * Stops the server that uses the data folder, if there is one. The caller makes sure
	 * that no other application wants it.
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
		// Windows does not tell the arguments of a process
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
	 * Asks for a fast shutdown, which, unlike that of {@link ProcessHandle#destroy()},
	 * does not wait for the clients to leave.
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
