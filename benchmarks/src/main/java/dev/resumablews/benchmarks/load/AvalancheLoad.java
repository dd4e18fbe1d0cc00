package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Kills the server, which the requesting process starts again. All times begin when the
 * server accepts connections again.
 */
final class AvalancheLoad extends Deliveries {

	private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

	private static final Duration RETURN_TIMEOUT = Duration.ofSeconds(60);

	private final LoadRequest.Avalanche request;

	private final Latencies back = new Latencies();

	private final Latencies caughtUp = new Latencies();

	private final Latencies fromAttempt = new Latencies();

	private final Set<Recipient> returned = new HashSet<>();

	private final Set<Recipient> complete = new HashSet<>();

	private boolean killed;

	/**
	 * Time at which the server accepted connections again; 0 until then.
	 */
	private long accepted;

	AvalancheLoad(EventLoop loop, LoadRequest.Avalanche request) {
		super(loop, request.crowd());
		this.request = request;
	}

	@Override
	Map<String, Double> run() throws IOException {
		connectAll();
		publisher().begin();
		until(Duration.ofMillis(this.request.killAfterMillis()), () -> false);
		long down = System.nanoTime();
		this.killed = true;
		ProcessHandle server = ProcessHandle.of(this.request.pid()).orElseThrow();
		server.destroyForcibly();
		if (!until(START_TIMEOUT, () -> !server.isAlive() && accepts())) {
			throw new IOException("The server did not restart within " + START_TIMEOUT);
		}
		this.accepted = System.nanoTime();
		until(RETURN_TIMEOUT, () -> this.returned.size() == recipients().size() && isSettled());
		Map<String, Double> values = new TreeMap<>();
		values.put("down", (this.accepted - down) / 1e9);
		values.put("never", share(recipients().size() - this.returned.size()));
		values.put("behind", share(this.returned.size() - this.complete.size()));
		this.back.report("back.", values);
		this.caughtUp.report("", values);
		this.fromAttempt.report("attempt.", values);
		report(values);
		closeAll();
		return values;
	}

	@Override
	void opened(Recipient recipient, WsClient client, boolean missed) {
		if (this.killed && this.returned.add(recipient)) {
			this.back.record(System.nanoTime() - this.accepted);
		}
		if (!missed) {
			caughtUp(recipient, client);
		}
	}

	@Override
	void caughtUp(Recipient recipient, WsClient client) {
		if (this.killed && this.complete.add(recipient)) {
			this.caughtUp.record(System.nanoTime() - this.accepted);
			this.fromAttempt.record(System.nanoTime() - client.requested());
		}
	}

	@Override
	boolean isOutage() {
		return this.killed && this.accepted == 0;
	}

	private double share(int recipients) {
		return 100.0 * recipients / recipients().size();
	}

	private boolean accepts() {
		try (SocketChannel channel = SocketChannel
			.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.request.crowd().port()))) {
			return channel.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

}
