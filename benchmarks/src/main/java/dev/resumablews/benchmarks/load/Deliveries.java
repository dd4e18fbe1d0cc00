package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.wire.Seeds;
import org.jspecify.annotations.Nullable;

/**
 * Publishes numbered messages to clients that lose their connections and resume after the
 * last event that they received.
 */
abstract class Deliveries extends Workload {

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	/**
	 * Time without a message or a new connection after which missing messages count as
	 * lost.
	 */
	private static final long QUIET_NANOS = 5_000_000_000L;

	private final LoadRequest.Crowd crowd;

	private final List<Recipient> recipients = new ArrayList<>();

	private final Map<WsClient, Recipient> byClient = new HashMap<>();

	private final Publisher publisher;

	private long lastProgress;

	Deliveries(EventLoop loop, LoadRequest.Crowd crowd) {
		super(loop, crowd.dialect());
		this.crowd = crowd;
		this.publisher = new Publisher(loop, crowd, this.recipients);
	}

	final List<Recipient> recipients() {
		return this.recipients;
	}

	final Publisher publisher() {
		return this.publisher;
	}

	/**
	 * Opens all connections.
	 */
	final void connectAll() throws IOException {
		boolean seeded = dialect() instanceof JsonLines;
		for (int i = 0; i < this.crowd.clients(); i++) {
			int session = this.crowd.first() + i;
			Recipient recipient = new Recipient(session, seeded ? Seeds.sessionId(session).toString() : null,
					this.crowd.seed());
			this.recipients.add(recipient);
			connect(recipient);
		}
		if (!until(TIMEOUT, this::areAllReady)) {
			throw new IOException("Not all of %d connections opened; %s".formatted(this.crowd.clients(), problems()));
		}
	}

	final void connect(Recipient recipient) {
		WsClient client = open(this.crowd.port(), recipient.session(), recipient.sessionId(), recipient.lastEventId());
		recipient.connecting(client);
		this.byClient.put(client, recipient);
	}

	/**
	 * Returns whether all messages have arrived, or the missing ones count as lost.
	 */
	final boolean isSettled() {
		return this.publisher.hasEnded() && areAllReady()
				&& (System.nanoTime() - this.lastProgress > QUIET_NANOS || lost() == 0);
	}

	final void report(Map<String, Double> values) {
		int published = this.recipients.stream().mapToInt(Recipient::publishedCount).sum();
		int lost = lost();
		values.put("delivered", 100.0 * (published - lost) / Math.max(1, published));
		values.put("published", (double) published);
		values.put("lost", (double) lost);
		values.put("duplicates", (double) this.recipients.stream().mapToInt(Recipient::duplicates).sum());
		values.put("unknown", (double) this.publisher.unknown());
		values.put("seed", (double) this.crowd.seed());
	}

	/**
	 * Called when the server has opened a recipient's session again.
	 * @param client the connection
	 * @param missed whether the recipient has missed messages
	 */
	abstract void opened(Recipient recipient, WsClient client, boolean missed);

	/**
	 * Called when a recipient has received the last message that it missed.
	 */
	abstract void caughtUp(Recipient recipient, WsClient client);

	/**
	 * Returns whether lost connections are expected at this time, and thus are no
	 * problem.
	 */
	abstract boolean isOutage();

	@Override
	public final void onOpened(WsClient client) {
		Recipient recipient = this.byClient.get(client);
		if (recipient != null) {
			recipient.opened();
		}
	}

	@Override
	public final void onMessage(WsClient client, Line line) {
		Recipient recipient = this.byClient.get(client);
		if (recipient == null) {
			return;
		}
		if (line.is(EVENT)) {
			this.lastProgress = System.nanoTime();
			line.forEachStamp((number) -> {
				if (recipient.receive((int) number, dialect().eventId(line))) {
					caughtUp(recipient, client);
				}
			});
		}
		else if (line.is(INIT)) {
			this.lastProgress = System.nanoTime();
			recipient.ready(dialect().sessionId(line));
			opened(recipient, client, !recipient.isCaughtUp());
		}
		else if (line.is(ERROR)) {
			problem("the server sent " + line);
		}
	}

	@Override
	public final void onClosed(WsClient client, @Nullable String problem) {
		clients().remove(client);
		Recipient recipient = this.byClient.remove(client);
		if (recipient == null) {
			return;
		}
		int failures = recipient.disconnected();
		if (problem != null) {
			if (!isOutage()) {
				problem(problem);
			}
			long delay = dialect().backOff(failures, recipient.random());
			loop().at(System.nanoTime() + delay * 1_000_000, () -> connect(recipient));
		}
	}

	private boolean areAllReady() {
		return this.recipients.stream().allMatch(Recipient::isReady);
	}

	private int lost() {
		return this.recipients.stream().mapToInt(Recipient::lost).sum();
	}

}
