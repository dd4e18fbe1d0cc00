package dev.resumablews.benchmarks.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A child process that communicates through lines of text. Its first line is
 * {@code READY} and its address. It exits when its standard input ends, which also
 * happens if this process is killed. Not safe for use by many threads, except for
 * {@link #close()}.
 */
final class ChildProcess implements AutoCloseable {

	private static final String READY = "READY ";

	private static final long SECONDS_TO_START = 60;

	private static final long SECONDS_TO_STOP = 10;

	private final String name;

	private final Process process;

	private final Path log;

	private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

	private final String address;

	private ChildProcess(String name, Process process, Path log) {
		this.name = name;
		this.process = process;
		this.log = log;
		Thread reader = new Thread(this::readLines, "output of " + name);
		reader.setDaemon(true);
		reader.start();
		this.address = readLine(SECONDS_TO_START).substring(READY.length());
	}

	/**
	 * Starts a process and waits until it is ready.
	 * @param name name of the process and of its log
	 * @param command the command
	 * @param logs directory of the logs
	 */
	static ChildProcess start(String name, List<String> command, Path logs) {
		try {
			Files.createDirectories(logs);
			Path log = logs.resolve(name + ".log");
			ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
			// servers must not use the API keys of the environment
			builder.environment().keySet().removeIf((variable) -> variable.startsWith("OPENAI_"));
			Process process = builder.start();
			try {
				return new ChildProcess(name, process, log);
			}
			catch (RuntimeException ex) {
				process.destroyForcibly();
				throw ex;
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot start " + name + ": " + command.get(0), ex);
		}
	}

	/**
	 * Returns the port or URL that the process printed when it was ready.
	 */
	String address() {
		return this.address;
	}

	long pid() {
		return this.process.pid();
	}

	/**
	 * Writes a line, and waits for the line that answers it.
	 */
	String request(String line, long seconds) {
		try {
			Writer in = this.process.outputWriter(StandardCharsets.UTF_8);
			in.write(line + "\n");
			in.flush();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(this.name + " has ended, see " + this.log, ex);
		}
		return readLine(seconds);
	}

	/**
	 * Waits until the process has ended.
	 */
	void awaitEnd() {
		this.process.onExit().join();
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(SECONDS_TO_STOP, TimeUnit.SECONDS)) {
				this.process.destroyForcibly().waitFor();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

	private String readLine(long seconds) {
		try {
			String line = this.lines.poll(seconds, TimeUnit.SECONDS);
			if (line == null || line.isEmpty()) {
				throw new IllegalStateException("%s %s, see %s".formatted(this.name,
						(line == null) ? "did not respond within " + seconds + " s" : "has ended", this.log));
			}
			return line;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while waiting for " + this.name, ex);
		}
	}

	private void readLines() {
		try (BufferedReader out = this.process.inputReader(StandardCharsets.UTF_8);
				Writer copy = Files.newBufferedWriter(this.log)) {
			for (String line = out.readLine(); line != null; line = out.readLine()) {
				copy.write(line + "\n");
				copy.flush();
				// other lines are log output
				if (line.startsWith(READY) || line.startsWith("{")) {
					this.lines.add(line);
				}
			}
		}
		catch (IOException ex) {
			// treated as the end of the output
		}
		// wakes readers that wait for a further line
		this.lines.add("");
	}

}
