package dev.resumablews.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy that simulates a bad network: it resets connections, stalls or delays
 * bytes, and refuses connections. Safe for use by many threads.
 */
public final class ChaosProxy implements AutoCloseable {

	private static final long NEVER = Long.MAX_VALUE;

	private final ServerSocket listener;

	private final ExecutorService threads = Executors.newCachedThreadPool((task) -> {
		Thread thread = new Thread(task, "chaos-proxy");
		thread.setDaemon(true);
		return thread;
	});

	private final Set<Link> links = ConcurrentHashMap.newKeySet();

	private final AtomicInteger connections = new AtomicInteger();

	private final AtomicInteger refusals = new AtomicInteger();

	private final AtomicInteger cuts = new AtomicInteger();

	private final AtomicLong bytesToClients = new AtomicLong();

	private final AtomicInteger matches = new AtomicInteger();

	private final Object monitor = new Object();

	private boolean stalled;

	private volatile InetSocketAddress target;

	private volatile boolean refusing;

	private volatile Duration delay = Duration.ZERO;

	private volatile Lifetime lifetime = () -> NEVER;

	/**
	 * The text to search for in the bytes to clients; empty for none.
	 */
	private volatile String searched = "";

	private ChaosProxy(ServerSocket listener, InetSocketAddress target) {
		this.listener = listener;
		this.target = target;
	}

	/**
	 * Starts a proxy that forwards all bytes without delay.
	 * @param port the port to forward to, on this machine
	 * @return the proxy
	 */
	public static ChaosProxy to(int port) {
		try {
			ChaosProxy proxy = new ChaosProxy(new ServerSocket(0, 1000, InetAddress.getLoopbackAddress()), local(port));
			proxy.threads.execute(proxy::accept);
			return proxy;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the port that clients connect to.
	 * @return the port
	 */
	public int port() {
		return this.listener.getLocalPort();
	}

	/**
	 * Forwards new connections to another port.
	 * @param port the port, on this machine
	 */
	public void retarget(int port) {
		this.target = local(port);
	}

	/**
	 * Resets all connections, on both sides.
	 * @return the number of connections that were reset
	 */
	public int cutAll() {
		return (int) List.copyOf(this.links).stream().filter(Link::cut).count();
	}

	/**
	 * Resets each new connection after a random number of bytes from the server, possibly
	 * within a message. A message larger than the maximum never arrives.
	 * @param random the source of the number of bytes
	 * @param minBytes the minimum, at least 1
	 * @param maxBytes the maximum
	 */
	public void cutRandomly(Random random, int minBytes, int maxBytes) {
		this.lifetime = () -> minBytes + random.nextInt(maxBytes - minBytes + 1);
	}

	/**
	 * Stops resetting new connections after {@link #cutRandomly}.
	 */
	public void stopCutting() {
		this.lifetime = () -> NEVER;
	}

	/**
	 * Holds all bytes and ends of streams in both directions, like a network that drops
	 * packets. New connections are accepted, and their bytes are held too.
	 */
	public void stall() {
		synchronized (this.monitor) {
			this.stalled = true;
		}
	}

	/**
	 * Forwards what {@link #stall} holds.
	 */
	public void resume() {
		synchronized (this.monitor) {
			this.stalled = false;
			this.monitor.notifyAll();
		}
	}

	/**
	 * Delays all bytes in both directions. Bytes that arrive during a delay wait for the
	 * next one, so a byte is delayed by up to twice this time.
	 * @param delay the delay; zero for none
	 */
	public void delay(Duration delay) {
		this.delay = delay;
	}

	/**
	 * Resets new connections immediately.
	 */
	public void refuse() {
		this.refusing = true;
	}

	/**
	 * Accepts connections again after {@link #refuse}.
	 */
	public void acceptAgain() {
		this.refusing = false;
	}

	/**
	 * Returns how many connections were accepted.
	 * @return the number of connections, without the refused ones
	 */
	public int connections() {
		return this.connections.get();
	}

	/**
	 * Returns how many connections are open.
	 * @return the number of connections
	 */
	public int openConnections() {
		return this.links.size();
	}

	public int refusals() {
		return this.refusals.get();
	}

	/**
	 * Returns how many connections this proxy reset, without the refused ones.
	 * @return the number of connections
	 */
	public int cuts() {
		return this.cuts.get();
	}

	public long bytesToClients() {
		return this.bytesToClients.get();
	}

	/**
	 * Searches what servers send for a text, on connections that are opened later.
	 * @param text the text, in ASCII
	 * @return this proxy
	 */
	public ChaosProxy searchFor(String text) {
		this.searched = text;
		return this;
	}

	/**
	 * Returns how many of the chunks from servers contained the text.
	 * @return the number of chunks
	 */
	public int matches() {
		return this.matches.get();
	}

	@Override
	public void close() {
		Sockets.close(this.listener);
		this.links.forEach(Link::close);
		this.threads.shutdownNow();
	}

	private void accept() {
		while (!this.listener.isClosed()) {
			try {
				Socket client = this.listener.accept();
				if (this.refusing) {
					this.refusals.incrementAndGet();
					Sockets.reset(client);
				}
				else {
					this.connections.incrementAndGet();
					this.threads.execute(() -> connect(client));
				}
			}
			catch (IOException ex) {
				// closed
			}
		}
	}

	private void connect(Socket client) {
		Socket server = new Socket();
		Link link = new Link(client, server);
		this.links.add(link);
		try {
			client.setTcpNoDelay(true);
			server.setTcpNoDelay(true);
			server.connect(this.target, 5000);
			this.threads.execute(() -> link.pump(client, server, NEVER));
			link.pump(server, client, this.lifetime.bytes());
		}
		catch (IOException ex) {
			link.close();
		}
	}

	private static InetSocketAddress local(int port) {
		return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
	}

	/**
	 * The number of bytes after which a new connection is reset.
	 */
	private interface Lifetime {

		long bytes();

	}

	/**
	 * A connection of a client and the connection to the server that belongs to it.
	 */
	private final class Link {

		private final Socket client;

		private final Socket server;

		private final AtomicInteger ends = new AtomicInteger();

		Link(Socket client, Socket server) {
			this.client = client;
			this.server = server;
		}

		void pump(Socket from, Socket to, long lifetime) {
			String text = (from == this.server) ? ChaosProxy.this.searched : "";
			String tail = "";
			try {
				InputStream in = from.getInputStream();
				OutputStream out = to.getOutputStream();
				byte[] buffer = new byte[16384];
				long left = lifetime;
				int count = in.read(buffer);
				while (count != -1 && awaitForwarding()) {
					if (!text.isEmpty()) {
						String piece = tail + new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
						if (piece.contains(text)) {
							ChaosProxy.this.matches.incrementAndGet();
						}
						tail = piece.substring(Math.max(0, piece.length() - text.length() + 1));
					}
					int forwarded = (int) Math.min(count, left);
					out.write(buffer, 0, forwarded);
					left -= forwarded;
					if (from == this.server) {
						ChaosProxy.this.bytesToClients.addAndGet(forwarded);
					}
					if (left == 0) {
						cut();
						return;
					}
					count = in.read(buffer);
				}
				if (awaitForwarding()) {
					end(to);
				}
			}
			catch (IOException ex) {
				close();
			}
			catch (InterruptedException ex) {
				close();
			}
		}

		boolean cut() {
			if (!ChaosProxy.this.links.contains(this)) {
				return false;
			}
			ChaosProxy.this.cuts.incrementAndGet();
			close();
			return true;
		}

		/**
		 * Resets both sides. Closing a socket that has unread bytes would reset it
		 * anyway, and clients must observe the same in all cases.
		 */
		void close() {
			ChaosProxy.this.links.remove(this);
			Sockets.reset(this.client);
			Sockets.reset(this.server);
			synchronized (ChaosProxy.this.monitor) {
				ChaosProxy.this.monitor.notifyAll();
			}
		}

		private void end(Socket to) throws IOException {
			to.shutdownOutput();
			if (this.ends.incrementAndGet() == 2) {
				ChaosProxy.this.links.remove(this);
				Sockets.close(this.client);
				Sockets.close(this.server);
			}
		}

		/**
		 * Waits until the delay has passed and the proxy is not stalled.
		 * @return whether the link is still open
		 */
		private boolean awaitForwarding() throws InterruptedException {
			synchronized (ChaosProxy.this.monitor) {
				long deadline = System.nanoTime() + ChaosProxy.this.delay.toNanos();
				for (long left = deadline - System.nanoTime(); ChaosProxy.this.stalled
						|| left > 0; left = deadline - System.nanoTime()) {
					if (this.client.isClosed()) {
						return false;
					}
					long millis = TimeUnit.NANOSECONDS.toMillis(left) + 1;
					ChaosProxy.this.monitor.wait(ChaosProxy.this.stalled ? 1000 : millis);
				}
				return !this.client.isClosed();
			}
		}

	}

}
