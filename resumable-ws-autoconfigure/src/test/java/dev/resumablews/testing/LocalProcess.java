package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.springframework.util.FileSystemUtils;

/**
 * A server program that runs in a temporary folder. Closing it ends the process and
 * deletes the folder.
 */
final class LocalProcess implements AutoCloseable {

	private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

	private final Path folder;

	private final Process process;

	private LocalProcess(Path folder, Process process) {
		this.folder = folder;
		this.process = process;
	}

	/**
	 * Starts a program and waits until it accepts connections.
	 * @param folder the folder, with the files that the program needs
	 * @param command the program and its arguments
	 * @param ports the ports on which it listens
	 * @return the running program
	 */
	static LocalProcess start(Path folder, List<String> command, int... ports) throws IOException {
		Path output = folder.resolve("output.log");
		Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
		LocalProcess started = new LocalProcess(folder, process);
		try {
			long deadline = System.nanoTime() + PATIENCE;
			for (int port : ports) {
				while (!accepts(port)) {
					if (!process.isAlive() || System.nanoTime() > deadline) {
						throw new IllegalStateException(
								"%s did not start: %s".formatted(command.get(0), Files.readString(output)));
					}
					Thread.onSpinWait();
				}
			}
		}
		catch (IOException | RuntimeException ex) {
			started.close();
			throw ex;
		}
		return started;
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
			FileSystemUtils.deleteRecursively(this.folder);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static boolean accepts(int port) {
		try (Socket socket = new Socket("127.0.0.1", port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

}
