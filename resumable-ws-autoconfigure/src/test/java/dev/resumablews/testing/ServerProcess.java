package dev.resumablews.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link TestServer} in a separate process that can be killed.
 */
public final class ServerProcess implements AutoCloseable {

	private static final String READY = "listening on ";

	private final Process process;

	private final int port;

	private ServerProcess(Process process, int port) {
		this.process = process;
		this.port = port;
	}

	/**
	 * Starts a server and waits until it listens.
	 * @param configuration the configuration of the application
	 * @param properties pairs of name and value
	 * @return the server
	 */
	public static ServerProcess start(Class<?> configuration, String... properties) {
		try {
			List<String> command = new ArrayList<>(
					List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
							"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
							ServerProcess.class.getName(), configuration.getName()));
			command.addAll(List.of(properties));
			Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
			BufferedReader reader = new BufferedReader(
					new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
			StringBuilder output = new StringBuilder();
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				if (line.startsWith(READY)) {
					Thread rest = new Thread(
							() -> reader.lines().forEach((each) -> System.out.println("server: " + each)));
					rest.setDaemon(true);
					rest.start();
					return new ServerProcess(process, Integer.parseInt(line.substring(READY.length())));
				}
				output.append(line).append('\n');
			}
			throw new IllegalStateException("The server ended: " + output);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public int port() {
		return this.port;
	}

	/**
	 * Kills the process with SIGKILL and waits until it has ended.
	 */
	public void kill() {
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
	 * Runs a server until the process is killed.
	 * @param arguments the configuration class, then pairs of name and value
	 * @throws ClassNotFoundException if the class does not exist
	 */
	public static void main(String[] arguments) throws ClassNotFoundException {
		TestServer server = TestServer.builder()
			.with(Class.forName(arguments[0]))
			.properties(Arrays.copyOfRange(arguments, 1, arguments.length))
			.start();
		System.out.println(READY + server.port());
	}

}
