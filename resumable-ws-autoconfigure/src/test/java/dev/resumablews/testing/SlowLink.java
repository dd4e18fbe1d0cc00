package dev.resumablews.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP proxy that limits the rate of the bytes from the server and has small buffers.
 * Bytes from clients are forwarded without delay. Safe for use by many threads.
 */
public final class SlowLink implements AutoCloseable {

	private static final int BYTES = 256;

	private final ServerSocket listener;

	private final int serverPort;

	private final long nanosPerByte;

	private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

	private SlowLink(ServerSocket listener, int serverPort, int bytesPerSecond) {
		this.listener = listener;
		this.serverPort = serverPort;
		this.nanosPerByte = TimeUnit.SECONDS.toNanos(1) / bytesPerSecond;
	}

	/**
	 * Starts a proxy.
	 * @param port the port to forward to, on this machine
	 * @param bytesPerSecond the rate
	 * @return the proxy
	 */
	public static SlowLink to(int port, int bytesPerSecond) {
		try {
			SlowLink link = new SlowLink(new ServerSocket(0, 100, InetAddress.getLoopbackAddress()), port,
					bytesPerSecond);
			link.inBackground(link::accept);
			return link;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public int port() {
		return this.listener.getLocalPort();
	}

	@Override
	public void close() {
		Sockets.close(this.listener);
		this.sockets.forEach(Sockets::reset);
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				inBackground(() -> connect(client));
			}
			catch (IOException ex) {
				// closed
			}
		}
	}

	private void connect(Socket client) {
		try (client; Socket server = new Socket()) {
			this.sockets.add(client);
			this.sockets.add(server);
			server.setReceiveBufferSize(4 * BYTES);
			client.setSendBufferSize(4 * BYTES);
			client.setTcpNoDelay(true);
			server.setTcpNoDelay(true);
			server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.serverPort), 5000);
			inBackground(() -> forward(client, server, 0));
			forward(server, client, this.nanosPerByte);
		}
		catch (IOException ex) {
			// one side is closed
		}
	}

	private void forward(Socket from, Socket to, long nanosPerByte) {
		try (from; to) {
			InputStream in = from.getInputStream();
			OutputStream out = to.getOutputStream();
			byte[] buffer = new byte[BYTES];
			long free = System.nanoTime();
			for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
				free = Math.max(free, System.nanoTime()) + count * nanosPerByte;
				for (long left = free - System.nanoTime(); left > 0; left = free - System.nanoTime()) {
					LockSupport.parkNanos(left);
				}
				out.write(buffer, 0, count);
			}
		}
		catch (IOException ex) {
			// one side is closed
		}
	}

	private void inBackground(Runnable task) {
		Thread thread = new Thread(task, "slow-link");
		thread.setDaemon(true);
		thread.start();
	}

}
