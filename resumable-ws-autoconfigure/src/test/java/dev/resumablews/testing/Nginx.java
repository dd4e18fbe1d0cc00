package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * An nginx in front of a server, with one port that has the default settings and one that
 * forwards the headers for WebSocket upgrades.
 */
public final class Nginx implements AutoCloseable {

	private static final String CONFIGURATION = """
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
			""";

	private static final String SERVERS = """
			server {
				listen 127.0.0.1:%1$d;
				location / {
					proxy_pass http://localhost:%3$d;
				}
			}
			server {
				listen 127.0.0.1:%2$d;
				location / {
					proxy_pass http://localhost:%3$d;
					proxy_http_version 1.1;
					proxy_set_header Upgrade $http_upgrade;
					proxy_set_header Connection upgrade;
				}
			}
			""";

	private final LocalProcess process;

	private final int port;

	private final int upgradingPort;

	private Nginx(LocalProcess process, int port, int upgradingPort) {
		this.process = process;
		this.port = port;
		this.upgradingPort = upgradingPort;
	}

	/**
	 * Returns whether nginx is installed on this machine.
	 * @return whether it is installed
	 */
	public static boolean isInstalled() {
		return Executables.find("nginx").isPresent();
	}

	/**
	 * Starts a proxy.
	 * @param server the port of the server behind it
	 * @return the proxy, which accepts connections
	 */
	public static Nginx start(int server) {
		try {
			Path folder = Files.createTempDirectory("nginx");
			int port = FreePorts.next();
			int upgradingPort = FreePorts.next();
			LocalProcess process = start(folder, SERVERS.formatted(port, upgradingPort, server), port, upgradingPort);
			return new Nginx(process, port, upgradingPort);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Starts nginx in a folder.
	 * @param folder the folder
	 * @param http the servers, as in the {@code http} block of a configuration
	 * @param ports the ports on which they listen
	 * @return the process, which accepts connections
	 */
	static LocalProcess start(Path folder, String http, int... ports) throws IOException {
		Path configuration = Files.writeString(folder.resolve("nginx.conf"),
				CONFIGURATION.formatted(folder, user(), http));
		return LocalProcess.start(folder, List.of(Executables.find("nginx").orElseThrow().toString(), "-c",
				configuration.toString(), "-p", folder.toString(), "-e", folder + "/start.log"), ports);
	}

	/**
	 * Returns the port with the default settings.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Returns the port that forwards upgrades.
	 * @return the port
	 */
	public int upgradingPort() {
		return this.upgradingPort;
	}

	@Override
	public void close() {
		this.process.close();
	}

	/**
	 * Otherwise the workers run as a user who cannot access the folder.
	 */
	private static String user() {
		return System.getProperty("user.name").equals("root") ? "user root;" : "";
	}

}
