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
 * A TCP proxy on a separate port that behaves as badly as a network does: it cuts
 * connections, holds bytes back, delays them, and refuses. Safe for use by many threads.
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

	private final AtomicInteger found = new AtomicInteger();

	private final Object weather = new Object();

	private boolean stalled;

	private volatile InetSocketAddress target;

	private volatile boolean refusing;

	private volatile Duration delay = Duration.ZERO;

	private volatile Lifetime lifetime = () -> NEVER;

	/**
	 * What is looked for in the bytes to clients; empty for nothing.
	 */
	private volatile String wanted = "";

	private ChaosProxy(ServerSocket listener, InetSocketAddress target) {
		this.listener = listener;
		this.target = target;
	}

	/**
	 * Starts a proxy that forwards everything at once.
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
	 * Returns the port clients connect to.
	 * @return the port
	 */
	public int port() {
		return this.listener.getLocalPort();
	}

	/**
	 * Forwards new connections to another port from now on.
	 * @param port the port, on this machine
	 */
	public void retarget(int port) {
		this.target = local(port);
	}

	/**
	 * Resets all connections, on both sides.
	 * @return how many there were
	 */
	public int cutAll() {
		return (int) List.copyOf(this.links).stream().filter(Link::cut).count();
	}

	/**
	 * Resets each new connection once a random number of bytes went from server to
	 * client, in the middle of whatever is being said. A message that is larger than the
	 * most never arrives.
	 * @param random says how many
	 * @param minBytes the fewest, at least 1
	 * @param maxBytes the most
	 */
	public void cutRandomly(Random random, int minBytes, int maxBytes) {
		this.lifetime = () -> minBytes + random.nextInt(maxBytes - minBytes + 1);
	}

	/**
	 * Ends what {@link #cutRandomly} began, for new connections.
	 */
	public void cutNoMore() {
		this.lifetime = () -> NEVER;
	}

	/**
	 * Holds all bytes, and also the ends of connections, in both directions, without
	 * closing anything: like a network that drops packets. New connections are accepted,
	 * and their bytes are held too.
	 */
	public void stall() {
		synchronized (this.weather) {
			this.stalled = true;
		}
	}

	/**
	 * Lets all go that {@link #stall} holds.
	 */
	public void resume() {
		synchronized (this.weather) {
			this.stalled = false;
			this.weather.notifyAll();
		}
	}

	/**
	 * Delays what is forwarded from now on, in both directions. What arrives during the
	 * delay waits for its turn, so the delay of a single byte is between one and two
	 * times this.
	 * @param delay the delay; zero for none
	 */
	public void delay(Duration delay) {
		this.delay = delay;
	}

	/**
	 * Resets new connections at once.
	 */
	public void refuse() {
		this.refusing = true;
	}

	/**
	 * Ends what {@link #refuse} began.
	 */
	public void acceptAgain() {
		this.refusing = false;
	}

	/**
	 * Returns how many connections were accepted so far.
	 * @return the number of connections, without the refused ones
	 */
	public int connections() {
		return this.connections.get();
	}

	/**
	 * Returns how many connections there are now.
	 * @return the number of connections
	 */
	public int openConnections() {
		return this.links.size();
	}

	public int refusals() {
		return this.refusals.get();
	}

	/**
	 * Returns how many connections this proxy reset, at random or all at once.
	 * @return the number of connections
	 */
	public int cuts() {
		return this.cuts.get();
	}

	public long bytesToClients() {
		return this.bytesToClients.get();
	}

	/**
	 * Looks for a text in all that servers send on connections that are opened from now
	 * on.
	 * @param text the text, in ASCII
	 * @return this
	 */
	public ChaosProxy lookFor(String text) {
		this.wanted = text;
		return this;
	}

	/**
	 * Returns in how many pieces of what servers sent the text was found.
	 * @return the number
	 */
	public int found() {
		return this.found.get();
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
	 * How many bytes a new connection lives for.
	 */
	private interface Lifetime {

		long bytes();

	}

	/**
	 * A client's connection and the server's that belongs to it.
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
			String text = (from == this.server) ? ChaosProxy.this.wanted : "";
			String tail = "";
			try {
				InputStream in = from.getInputStream();
				OutputStream out = to.getOutputStream();
				byte[] buffer = new byte[16384];
				long left = lifetime;
				int count = in.read(buffer);
				while (count != -1 && passes()) {
					if (!text.isEmpty()) {
						String piece = tail + new String(buffer, 0, count, StandardCharsets.ISO_8859_1);
						if (piece.contains(text)) {
							ChaosProxy.this.found.incrementAndGet();
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
				if (passes()) {
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
		 * Resets both sides: a socket that is closed with unread bytes does so anyway,
		 * and a peer that was reset should be seen as one.
		 */
		void close() {
			ChaosProxy.this.links.remove(this);
			Sockets.reset(this.client);
			Sockets.reset(this.server);
			synchronized (ChaosProxy.this.weather) {
				ChaosProxy.this.weather.notifyAll();
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
		 * Waits as long as the weather demands.
		 * @return whether the link is still open
		 */
		private boolean passes() throws InterruptedException {
			synchronized (ChaosProxy.this.weather) {
				long deadline = System.nanoTime() + ChaosProxy.this.delay.toNanos();
				for (long left = deadline - System.nanoTime(); ChaosProxy.this.stalled
						|| left > 0; left = deadline - System.nanoTime()) {
					if (this.client.isClosed()) {
						return false;
					}
					long millis = TimeUnit.NANOSECONDS.toMillis(left) + 1;
					ChaosProxy.this.weather.wait(ChaosProxy.this.stalled ? 1000 : millis);
				}
				return !this.client.isClosed();
			}
		}

	}

}
