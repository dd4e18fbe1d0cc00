package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.springframework.util.FileSystemUtils;

/**
 * A proxy in front of two servers, with the configuration that docs/deployment.md shows.
 */
public final class DocumentedProxy implements AutoCloseable {

	private final Path folder;

	private final Process process;

	private final int port;

	private DocumentedProxy(Path folder, Process process, int port) {
		this.folder = folder;
		this.process = process;
		this.port = port;
	}

	/**
	 * Returns whether there is such a proxy on this machine.
	 * @param program {@code nginx} or {@code haproxy}
	 * @return whether it can be started
	 */
	public static boolean isInstalled(String program) {
		return Executables.find(program).isPresent();
	}

	/**
	 * Starts one.
	 * @param program {@code nginx} or {@code haproxy}
	 * @param timeout replaces the idle time-out of the documentation, which is 60s
	 * @param first port of the first server
	 * @param second port of the second server
	 * @return the proxy, which takes connections
	 */
	public static DocumentedProxy start(String program, String timeout, int first, int second) {
		try {
			Path folder = Files.createTempDirectory(program);
			int port = FreePorts.next();
			String configuration = documented(program).replace("60s", timeout)
				.replace("listen 80;", "listen 127.0.0.1:" + port + ";")
				.replace("bind :80", "bind 127.0.0.1:" + port)
				.replace("app1:8080", "127.0.0.1:" + first)
				.replace("app2:8080", "127.0.0.1:" + second)
				.replace("/run/haproxy/admin.sock", folder.resolve("admin").toString());
			Path file = Files.writeString(folder.resolve("configuration"), switch (program) {
				case "nginx" -> aroundNginx(folder, configuration);
				default -> configuration;
			});
			List<String> command = switch (program) {
				case "nginx" -> List.of("-c", file.toString(), "-p", folder.toString(), "-e", folder + "/start.log");
				default -> List.of("-db", "-f", file.toString());
			};
			Process process = new ProcessBuilder(
					Stream.concat(Stream.of(Executables.find(program).orElseThrow().toString()), command.stream())
						.toList())
				.redirectErrorStream(true)
				.redirectOutput(folder.resolve("output.log").toFile())
				.start();
			DocumentedProxy proxy = new DocumentedProxy(folder, process, port);
			try {
				proxy.awaitStart();
			}
			catch (IOException | RuntimeException ex) {
				proxy.close();
				throw ex;
			}
			return proxy;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the port that it listens on.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Sends a command to the administrator's socket of HAProxy.
	 * @param text the command
	 */
	public void command(String text) {
		try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
			socket.connect(UnixDomainSocketAddress.of(this.folder.resolve("admin")));
			socket.write(ByteBuffer.wrap((text + "\n").getBytes(StandardCharsets.UTF_8)));
			ByteBuffer answer = ByteBuffer.allocate(1024);
			while (socket.read(answer) != -1 && answer.hasRemaining()) {
				Thread.onSpinWait();
			}
			String said = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8).strip();
			if (!said.isEmpty()) {
				throw new IllegalStateException("HAProxy says: " + said);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
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

	private static String documented(String language) throws IOException {
		Matcher block = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
			.matcher(Files.readString(Path.of("../docs/deployment.md")));
		if (!block.find()) {
			throw new IllegalStateException("docs/deployment.md has no configuration of " + language);
		}
		return block.group(1);
	}

	private static String aroundNginx(Path folder, String configuration) {
		// its workers would otherwise be those of a user who may not enter the folder
		String user = System.getProperty("user.name").equals("root") ? "user root;" : "";
		return """
				daemon off;
				%2$s
				pid %1$s/nginx.pid;
				error_log %1$s/error.log;
				events {
				}
				http {
					access_log off;
					client_body_temp_path %1$s/body;
					proxy_temp_path %1$s/proxy;
					fastcgi_temp_path %1$s/fastcgi;
					uwsgi_temp_path %1$s/uwsgi;
					scgi_temp_path %1$s/scgi;
					%3$s
				}
				""".formatted(folder, user, configuration);
	}

	private void awaitStart() throws IOException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
		while (!accepts()) {
			if (!this.process.isAlive() || System.nanoTime() > deadline) {
				throw new IllegalStateException(
						"The proxy does not start: " + Files.readString(this.folder.resolve("output.log")));
			}
			Thread.onSpinWait();
		}
	}

	private boolean accepts() {
		try (Socket socket = new Socket("127.0.0.1", this.port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

}
