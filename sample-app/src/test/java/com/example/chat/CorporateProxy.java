package com.example.chat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * HTTP proxy as found in corporate networks: it rejects upgrades with 400, and optionally
 * buffers each response until it is complete. Safe for use by many threads.
 */
final class CorporateProxy implements AutoCloseable {

	private static final Pattern CONTENT_LENGTH = Pattern.compile("(?i)\r\ncontent-length: *(\\d+)");

	private static final int MAX_HEAD = 65_536;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "corporate-proxy");
		thread.setDaemon(true);
		return thread;
	});

	private final AtomicInteger rejectedUpgrades = new AtomicInteger();

	private final ServerSocket listener;

	private final int serverPort;

	private volatile boolean blocksUpgrades = true;

	private volatile boolean buffersResponses;

	private CorporateProxy(ServerSocket listener, int serverPort) {
		this.listener = listener;
		this.serverPort = serverPort;
	}

	/**
	 * Starts a proxy that blocks upgrades.
	 * @param serverPort the port to forward to, on this machine
	 */
	static CorporateProxy to(int serverPort) {
		try {
			CorporateProxy proxy = new CorporateProxy(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()),
					serverPort);
			proxy.threads.execute(proxy::accept);
			return proxy;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	int port() {
		return this.listener.getLocalPort();
	}

	/**
	 * Buffers responses from now on, each until it is complete.
	 */
	void bufferResponses() {
		this.buffersResponses = true;
	}

	/**
	 * Forwards new WebSockets from now on.
	 */
	void allowUpgrades() {
		this.blocksUpgrades = false;
	}

	int rejectedUpgrades() {
		return this.rejectedUpgrades.get();
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
		for (Socket socket : this.sockets) {
			socket.close();
		}
		this.threads.shutdownNow();
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				this.threads.execute(() -> serve(client));
			}
			catch (IOException ex) {
				// the listener is closed
			}
		}
	}

	/**
	 * Serves one request. Closes the connection after the response, so that its length
	 * need not be known.
	 */
	private void serve(Socket client) {
		try (client; Socket server = new Socket(InetAddress.getLoopbackAddress(), this.serverPort)) {
			this.sockets.add(client);
			this.sockets.add(server);
			String head = readHead(client.getInputStream());
			boolean upgrade = head.toLowerCase(Locale.ROOT).contains("\r\nupgrade:");
			if (upgrade && this.blocksUpgrades) {
				this.rejectedUpgrades.incrementAndGet();
				write(client, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
				return;
			}
			write(server, upgrade ? head : head.replaceAll("(?i)\r\nconnection:[^\r]*", "\r\nConnection: close"));
			server.getOutputStream().write(client.getInputStream().readNBytes(contentLength(head)));
			this.threads.execute(() -> forward(client, server));
			if (this.buffersResponses && !upgrade) {
				byte[] response = server.getInputStream().readAllBytes();
				client.getOutputStream().write(response);
			}
			else {
				transfer(server, client);
			}
		}
		catch (IOException ex) {
			// one side has closed its connection
		}
		finally {
			this.sockets.removeIf(Socket::isClosed);
		}
	}

	/**
	 * Forwards the bytes that the client sends after its request, and closes both sides
	 * when it disconnects.
	 */
	private static void forward(Socket client, Socket server) {
		try (client; server) {
			transfer(client, server);
		}
		catch (IOException ex) {
			// one side has closed its connection
		}
	}

	private static void transfer(Socket from, Socket to) throws IOException {
		from.getInputStream().transferTo(to.getOutputStream());
	}

	private static String readHead(InputStream in) throws IOException {
		ByteArrayOutputStream head = new ByteArrayOutputStream();
		String end = "";
		while (!end.endsWith("\r\n\r\n")) {
			int next = in.read();
			if (next < 0 || head.size() == MAX_HEAD) {
				throw new IOException("No request");
			}
			head.write(next);
			end = (end + (char) next).substring(Math.max(0, end.length() - 3));
		}
		return head.toString(StandardCharsets.ISO_8859_1);
	}

	private static int contentLength(String head) {
		Matcher matcher = CONTENT_LENGTH.matcher(head);
		return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
	}

	private static void write(Socket socket, String text) throws IOException {
		socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
	}

}
