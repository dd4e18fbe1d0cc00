package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.awaitility.Awaitility;

/**
 * The nginx that is installed on this machine, as a reverse proxy on a free port. Safe
 * for use by many threads.
 */
final class Nginx implements AutoCloseable {

	/**
	 * Says why no test with it can run on this machine.
	 */
	static final String MISSING = "nginx is not installed: it is neither on the PATH nor in /usr/sbin";

	private final Process process;

	private final int port;

	private final Path log;

	private Nginx(Process process, int port, Path log) {
		this.process = process;
		this.port = port;
		this.log = log;
	}

	static boolean isInstalled() {
		return find().isPresent();
	}

	/**
	 * Starts nginx and waits until it accepts connections.
	 * @param folder for its files
	 * @param serverPort the port of the server, on this machine
	 * @param settings further settings of the location, beside {@code proxy_pass}
	 */
	static Nginx start(Path folder, int serverPort, String... settings) {
		try {
			int port = freePort();
			Path configuration = folder.resolve("nginx.conf");
			Files.writeString(configuration,
					configuration(folder, port, serverPort, String.join("\n\t\t\t", settings)));
			Path log = folder.resolve("nginx.log");
			Process process = new ProcessBuilder(find().orElseThrow().toString(), "-p", folder.toString(), "-c",
					configuration.toString())
				.redirectErrorStream(true)
				.redirectOutput(log.toFile())
				.start();
			Nginx nginx = new Nginx(process, port, log);
			nginx.awaitStart();
			return nginx;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	int port() {
		return this.port;
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.descendants().forEach(ProcessHandle::destroyForcibly);
				this.process.destroyForcibly().waitFor();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
	}

	private void awaitStart() {
		Awaitility.await("start of nginx").atMost(Duration.ofSeconds(20)).until(() -> {
			if (!this.process.isAlive()) {
				throw new AssertionError("nginx did not start:\n" + Files.readString(this.log));
			}
			try {
				new Socket(InetAddress.getLoopbackAddress(), this.port).close();
				return true;
			}
			catch (IOException ex) {
				return false;
			}
		});
	}

	/**
	 * Only names and places; what nginx does is as it is by default.
	 */
	private static String configuration(Path folder, int port, int serverPort, String settings) {
		String user = System.getProperty("user.name").equals("root") ? "user root;" : "";
		return """
				daemon off;
				pid %1$s/nginx.pid;
				error_log stderr;
				%5$s
				events {
				}
				http {
					access_log off;
					client_body_temp_path %1$s/body;
					proxy_temp_path %1$s/proxy;
					fastcgi_temp_path %1$s/fastcgi;
					uwsgi_temp_path %1$s/uwsgi;
					scgi_temp_path %1$s/scgi;
					server {
						listen 127.0.0.1:%2$d;
						location / {
							proxy_pass http://127.0.0.1:%3$d;
							%4$s
						}
					}
				}
				""".formatted(folder, port, serverPort, settings, user);
	}

	private static Optional<Path> find() {
		String folders = System.getenv().getOrDefault("PATH", "");
		return Stream.concat(Stream.of(folders.split(":")), List.of("/usr/sbin", "/usr/local/sbin").stream())
			.map((name) -> Path.of(name, "nginx"))
			.filter(Files::isExecutable)
			.findFirst();
	}

	private static int freePort() throws IOException {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

}
