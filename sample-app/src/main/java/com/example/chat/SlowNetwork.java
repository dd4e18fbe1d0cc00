package com.example.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A slow network to the server: a local port whose TCP connections forward
 * {@value #BYTES} bytes every {@value #MILLIS} ms in each direction. Buffers are small,
 * so that the server notices. Safe for use by many threads.
 */
final class SlowNetwork implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(SlowNetwork.class);

	private static final int BYTES = 512;

	private static final int MILLIS = 300;

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

	private static final int MAX_CONNECTIONS = 50;

	private final ServerSocket listener;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private final int serverPort;

	private SlowNetwork(ServerSocket listener, int serverPort) {
		this.listener = listener;
		this.serverPort = serverPort;
	}

	/**
	 * Opens the port for this machine only.
	 * @param port the port; 0 for any free one
	 * @param serverPort the port to forward to
	 */
	static SlowNetwork open(int port, int serverPort) throws IOException {
		SlowNetwork network = new SlowNetwork(new ServerSocket(port, 10, InetAddress.getLoopbackAddress()), serverPort);
		network.inBackground(network::accept);
		return network;
	}

	/**
	 * Returns the default slow port for a server's port.
	 */
	static int usualPort(int serverPort) {
		return (serverPort < 50_000) ? serverPort + 10_000 : serverPort - 10_000;
	}

	int port() {
		return this.listener.getLocalPort();
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
		for (Socket socket : this.sockets) {
			socket.close();
		}
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				if (this.sockets.size() < 2 * MAX_CONNECTIONS) {
					inBackground(() -> connect(client));
				}
				else {
					client.close();
				}
			}
			catch (IOException ex) {
				logger.debug("No connection was accepted", ex);
			}
		}
	}

	private void connect(Socket client) {
		try (client; Socket server = new Socket()) {
			this.sockets.add(client);
			this.sockets.add(server);
			server.setReceiveBufferSize(4 * BYTES);
			client.setSendBufferSize(4 * BYTES);
			server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.serverPort),
					(int) CONNECT_TIMEOUT.toMillis());
			inBackground(() -> forward(client, server));
			forward(server, client);
		}
		catch (IOException ex) {
			logger.debug("A slow connection has ended", ex);
		}
		finally {
			this.sockets.removeIf(Socket::isClosed);
		}
	}

	/**
	 * Forwards bytes until one side ends, and then closes both.
	 */
	private void forward(Socket from, Socket to) {
		try (from; to) {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			byte[] buffer = new byte[BYTES];
			for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
				Thread.sleep(MILLIS);
				out.write(buffer, 0, count);
			}
		}
		catch (IOException ex) {
			logger.debug("A slow connection was broken", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private void inBackground(Runnable task) {
		Thread thread = new Thread(task, "slow-network");
		thread.setDaemon(true);
		thread.start();
	}

}
