package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A proxy in front of two servers, with the configuration from docs/deployment.md.
 */
public final class DocumentedProxy implements AutoCloseable {

	private final Path folder;

	private final LocalProcess process;

	private final int port;

	private DocumentedProxy(Path folder, LocalProcess process, int port) {
		this.folder = folder;
		this.process = process;
		this.port = port;
	}

	/**
	 * Returns whether the proxy is installed on this machine.
	 * @param program {@code nginx} or {@code haproxy}
	 * @return whether it is installed
	 */
	public static boolean isInstalled(String program) {
		return Executables.find(program).isPresent();
	}

	/**
	 * Starts a proxy.
	 * @param program {@code nginx} or {@code haproxy}
	 * @param timeout replaces the documented idle time-out of 60s
	 * @param first the port of the first server
	 * @param second the port of the second server
	 * @return the proxy, which accepts connections
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
			LocalProcess process = switch (program) {
				case "nginx" -> Nginx.start(folder, configuration, port);
				default -> {
					Path file = Files.writeString(folder.resolve("haproxy.cfg"), configuration);
					yield LocalProcess.start(folder,
							List.of(Executables.find(program).orElseThrow().toString(), "-db", "-f", file.toString()),
							port);
				}
			};
			return new DocumentedProxy(folder, process, port);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the port on which the proxy listens.
	 * @return the port
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Sends a command to the admin socket of HAProxy.
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
			String response = new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8).strip();
			if (!response.isEmpty()) {
				throw new IllegalStateException("HAProxy rejected the command: " + response);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		this.process.close();
	}

	private static String documented(String language) throws IOException {
		Matcher block = Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
			.matcher(Files.readString(Path.of("../docs/deployment.md")));
		if (!block.find()) {
			throw new IllegalStateException("docs/deployment.md has no configuration of " + language);
		}
		return block.group(1);
	}

}
