package dev.resumablews.internal.relay;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

import dev.resumablews.testing.TestServer;

/**
 * A node with a relay, in a process that can be killed.
 */
final class RelayNode implements AutoCloseable {

	private static final String READY = "listening on ";

	private final Process process;

	private final int port;

	private RelayNode(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts a node and waits until it listens.
	 * @param properties pairs of name and value
	 */
	static RelayNode start(String... properties) {
		try {
			String[] command = new String[4 + properties.length];
			command[0] = Path.of(System.getProperty("java.home"), "bin", "java").toString();
			command[1] = "-cp";
			command[2] = System.getProperty("java.class.path");
			command[3] = RelayNode.class.getName();
			System.arraycopy(properties, 0, command, 4, properties.length);
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			BufferedReader reader = new BufferedReader(
					new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
			StringBuilder output = new StringBuilder();
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (line.startsWith(READY)) {
					Thread rest = new Thread(
							() -> reader.lines().forEach((each) -> System.out.println("node: " + each)));
					rest.setDaemon(true);
					rest.start();
					return new RelayNode(process, Integer.parseInt(line.substring(READY.length())));
				}
				output.append(line).append('\n');
			}
			throw new IllegalStateException("The node ended: " + output);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	int port() {
		return this.port;
	}

	/**
	 * Ends the process with SIGKILL, and waits until it has ended.
	 */
	void kill() {
		try {
			this.process.destroyForcibly().waitFor();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Override
	public void close() {
		kill();
	}

	/**
	 * Runs a node until the process is killed.
	 * @param properties pairs of name and value
	 */
	public static void main(String[] properties) {
		TestServer server = TestServer.builder().with(RelayTests.Marking.class).properties(properties).start();
		System.out.println(READY + server.port());
	}

}
