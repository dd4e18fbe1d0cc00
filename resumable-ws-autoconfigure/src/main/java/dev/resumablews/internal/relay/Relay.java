package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

import dev.resumablews.RelayHandshake;
import dev.resumablews.internal.concurrent.WakeUp;
import dev.resumablews.internal.log.AppendRequest.RelayEnd;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.observation.LogContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.http.HttpHeaders;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.WebSocketHttpHeaders;

/**
 * The relay of one session to one upstream, while this node holds its lease. It has one
 * thread that connects and sends, and one thread per connection that handles incoming
 * messages:
 * <ol>
 * <li>It connects, and reconnects with a back-off after each lost connection.
 * <li>It sends the messages of the log that are not known to be forwarded, in order and
 * with a limit on those in flight. Messages that may have been sent on an earlier
 * connection are marked as redelivered.
 * <li>After each message it sends a ping. Once the upstream has answered it and
 * everything received before the answer is stored, the message counts as forwarded.
 * <li>It ends when it is idle, refused, or without a connection for too long. The next
 * client message causes a new claim.
 * <li>When it has lost its lease or its session, it stops without writing anything,
 * because nothing would be stored.
 * </ol>
 * {@link #run()} is called once. The other methods are safe for use by many threads.
 */
final class Relay implements Runnable {

	private static final Log logger = LogFactory.getLog(Relay.class);

	private static final Duration CHECK_INTERVAL = Duration.ofSeconds(1);

	private static final Duration HANDOVER_TIMEOUT = Duration.ofSeconds(2);

	/**
	 * Uptime after which a connection counts as successful, which resets the back-off.
	 */
	private static final Duration MIN_UPTIME = Duration.ofSeconds(10);

	private final ClaimedRelay claim;

	private final RelaySettings settings;

	private final RelayServices services;

	private final Executor threads;

	private final Progress progress;

	private final RelayJournal journal;

	private final RelayCursor cursor;

	private final WakeUp wakeUp = new WakeUp();

	private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

	/**
	 * Total size of all client messages.
	 */
	private final AtomicLong askedBytes;

	private volatile long renewedAt;

	private volatile boolean stopping;

	private volatile boolean over;

	/**
	 * Whether the relay has ended in an orderly way. Set before {@link #over}.
	 */
	private volatile boolean closed;

	/**
	 * Time at which something was last sent or received. Written by both threads.
	 */
	private volatile long activeAt = System.nanoTime();

	/**
	 * Whether the current connection made progress. Written by both threads.
	 */
	private volatile boolean useful;

	/**
	 * Time at which the upstream last made progress. This field and the following ones
	 * are used by the relay's thread.
	 */
	private long usefulAt = System.nanoTime();

	private int failures;

	private int refusals;

	/**
	 * Whether clients were notified that there is no connection.
	 */
	private boolean announced;

	/**
	 * Creates a relay.
	 * @param claim the claim
	 * @param claimedAt lower bound of the start of its lease, as a
	 * {@link System#nanoTime()}
	 * @param threads runs the receivers
	 */
	Relay(ClaimedRelay claim, long claimedAt, RelaySettings settings, RelayServices services, Executor threads) {
		this.claim = claim;
		this.settings = settings;
		this.services = services;
		this.threads = threads;
		this.renewedAt = claimedAt;
		this.askedBytes = new AtomicLong(claim.askedBytes());
		this.progress = new Progress(claim);
		this.journal = new RelayJournal(services.log(), claim, this::isOver, this::lost);
		this.cursor = new RelayCursor(claim, services, this.progress, this.wakeUp::wake);
	}

	ClaimedRelay claim() {
		return this.claim;
	}

	RelaySettings settings() {
		return this.settings;
	}

	Progress progress() {
		return this.progress;
	}

	RelayJournal journal() {
		return this.journal;
	}

	long renewedAt() {
		return this.renewedAt;
	}

	/**
	 * Returns whether this node no longer holds the relay.
	 */
	boolean isOver() {
		return this.over;
	}

	/**
	 * Returns whether the relay has ended in an orderly way, and restarts with the next
	 * message.
	 */
	boolean isClosed() {
		return this.closed;
	}

	/**
	 * Returns a future that completes when its thread has ended.
	 */
	CompletableFuture<@Nullable Void> ended() {
		return this.ended;
	}

	/**
	 * Returns the total size of the messages that are not forwarded yet.
	 */
	long waitingBytes() {
		return this.askedBytes.get() - this.progress.mark().bytes();
	}

	/**
	 * Records the renewal of the lease, and the state read with it.
	 */
	void renewed(long at, RelayTable.Renewal renewal) {
		if (renewal.renewed()) {
			this.renewedAt = at;
		}
		this.askedBytes.accumulateAndGet(renewal.askedBytes(), Math::max);
		wanted(renewal.wantedId());
	}

	/**
	 * Records a message that was stored on this node.
	 */
	void stored(long eventId, long bytes) {
		this.askedBytes.addAndGet(bytes);
		wanted(eventId);
	}

	private void wanted(long eventId) {
		if (this.cursor.wanted(eventId)) {
			this.wakeUp.wake();
		}
	}

	/**
	 * Records that this node no longer holds the relay.
	 */
	void lost() {
		this.over = true;
		this.wakeUp.wake();
	}

	/**
	 * Stops the relay, so that another node can take it over.
	 */
	void stop() {
		this.stopping = true;
		this.wakeUp.wake();
	}

	/**
	 * Records that a message was sent to the upstream.
	 */
	void sent() {
		this.activeAt = System.nanoTime();
	}

	/**
	 * Records that a message was received from the upstream.
	 */
	void received() {
		this.activeAt = System.nanoTime();
		this.useful = true;
	}

	/**
	 * Records that the upstream has received all messages up to an event, and that
	 * everything it sent before is stored.
	 */
	void confirmed(long eventId) {
		if (this.progress.confirm(eventId)) {
			this.useful = true;
			this.wakeUp.wake();
		}
	}

	@Override
	public void run() {
		LogContext.run(this.claim.sessionId(), null, this::serveUntilOver);
	}

	private void serveUntilOver() {
		try {
			this.cursor.open();
			while (isRunning()) {
				Connected connected = connect();
				if (connected != null) {
					serve(connected);
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Throwable ex) {
			// another claim restarts it after the lease has expired
			logger.error("Relay '%s' of session %s failed".formatted(name(), this.claim.sessionId()), ex);
			this.over = true;
		}
		finally {
			this.cursor.close();
			this.ended.complete(null);
		}
	}

	private boolean isRunning() {
		return !this.over && !this.stopping;
	}

	private @Nullable Connected connect() throws InterruptedException {
		this.cursor.rewind();
		if (isIdle() && end("idle")) {
			return null;
		}
		Upstream upstream = new Upstream(this.settings.maxMessageBytes(), this.wakeUp::wake);
		RelayHandshake handshake = new RelayHandshake(name(), this.claim.sessionId(), this.claim.userId(),
				this.settings.uri(), headers());
		try {
			this.settings.customizer().prepare(handshake);
			List<JsonNode> opening = this.settings.customizer().openingMessages(handshake);
			WebSocketHttpHeaders headers = new WebSocketHttpHeaders(handshake.headers());
			headers.setSecWebSocketProtocol(this.settings.subprotocols());
			upstream.connect(this.services.client(), handshake.uri(), headers, this.settings.connectTimeout());
			if (isRunning()) {
				return new Connected(upstream, Secrets.of(handshake), opening);
			}
			upstream.close(CloseStatus.GOING_AWAY);
			return null;
		}
		catch (InterruptedException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			failed(ex);
			return null;
		}
	}

	private HttpHeaders headers() {
		HttpHeaders headers = new HttpHeaders();
		this.settings.headers().forEach(headers::add);
		return headers;
	}

	/**
	 * Notifies clients once that the upstream is unreachable, and waits before the next
	 * attempt.
	 */
	private void failed(Throwable failure) throws InterruptedException {
		Throwable cause = (failure instanceof ExecutionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		int status = UpstreamRejection.status(cause);
		// its message may contain the URL with a secret in its query
		logger.debug("Failed to connect to the upstream of relay '%s': %s, status %d".formatted(name(),
				cause.getClass().getName(), status));
		this.failures++;
		this.refusals = UpstreamRejection.isPermanent(status) ? this.refusals + 1 : 0;
		if (this.refusals >= this.settings.maxRefusals()) {
			logger.warn("The upstream of relay '%s' refuses with status %d".formatted(name(), status));
			if (end("refused")) {
				return;
			}
			this.refusals = 0;
		}
		if (System.nanoTime() - this.usefulAt > this.settings.giveUpAfter().toNanos()) {
			if (end("unreachable")) {
				return;
			}
			this.usefulAt = System.nanoTime();
		}
		if (!this.announced) {
			this.announced = true;
			this.journal.append(RelayEvents.lost(CloseStatus.NO_CLOSE_FRAME.getCode(), (status > 0) ? "status " + status
					: (cause instanceof TimeoutException) ? "connect_timeout" : "unreachable"));
		}
		pause();
	}

	private void pause() throws InterruptedException {
		long end = System.nanoTime() + this.settings.backOff().delay(this.failures).toNanos();
		for (long left = end - System.nanoTime(); left > 0 && isRunning(); left = end - System.nanoTime()) {
			this.wakeUp.await(Duration.ofNanos(left));
		}
	}

	private void serve(Connected connected) throws InterruptedException {
		Upstream upstream = connected.upstream();
		long openedAt = System.nanoTime();
		this.useful = false;
		this.announced = false;
		Receiver receiver = new Receiver(this, upstream, connected.secrets(), this.services.ephemeral());
		try {
			this.journal.append(RelayEvents.opened(this.cursor.uncertain(), this.settings.resend()));
			this.threads.execute(() -> LogContext.run(this.claim.sessionId(), null, receiver));
		}
		catch (Throwable ex) {
			upstream.close(CloseStatus.SERVER_ERROR);
			throw ex;
		}
		CloseStatus status = CloseStatus.NORMAL;
		try {
			Sender sender = new Sender(this, upstream, this.cursor, this.services.log().payloads());
			sender.open(connected.opening());
			while (isRunning() && upstream.closed() == null) {
				if (isIdle() && end("idle")) {
					break;
				}
				if (!sender.step()) {
					this.wakeUp.await(CHECK_INTERVAL);
				}
			}
			if (this.stopping) {
				status = CloseStatus.GOING_AWAY;
				await(HANDOVER_TIMEOUT, () -> this.progress.unconfirmed() == 0 || upstream.closed() != null);
			}
		}
		catch (Sender.BrokenException ex) {
			status = ex.status();
		}
		finally {
			upstream.close(status);
			await(this.stopping ? HANDOVER_TIMEOUT : Duration.ofDays(1), receiver::isDone);
		}
		disconnected(upstream, connected.secrets(), System.nanoTime() - openedAt);
	}

	/**
	 * Notifies clients that the connection is lost, unless the relay is over, and waits
	 * before the next attempt.
	 */
	private void disconnected(Upstream upstream, Secrets secrets, long uptime) throws InterruptedException {
		if (this.useful) {
			this.usefulAt = System.nanoTime();
		}
		if (this.over) {
			return;
		}
		CloseStatus status = upstream.closed();
		int code = (status != null) ? status.getCode() : CloseStatus.NO_CLOSE_FRAME.getCode();
		String reason = (status != null && status.getReason() != null) ? status.getReason() : "";
		this.journal.append(RelayEvents.lost(code, this.stopping ? "handed_over" : secrets.redact(reason)));
		this.announced = true;
		if (this.stopping) {
			CompletableFuture<@Nullable AppendResult> last = this.journal.last();
			last.whenComplete((stored, failure) -> this.wakeUp.wake());
			await(HANDOVER_TIMEOUT, last::isDone);
			return;
		}
		this.failures = (this.useful || uptime >= MIN_UPTIME.toNanos()) ? 1 : this.failures + 1;
		this.refusals = 0;
		pause();
	}

	/**
	 * Waits for a condition, unless the relay is over.
	 */
	private void await(Duration atMost, BooleanSupplier condition) throws InterruptedException {
		long end = System.nanoTime() + atMost.toNanos();
		boolean stopping = this.stopping;
		for (long left = end - System.nanoTime(); left > 0 && !condition.getAsBoolean() && !this.over
				&& stopping == this.stopping; left = end - System.nanoTime()) {
			this.wakeUp.await(Duration.ofNanos(Math.min(left, CHECK_INTERVAL.toNanos())));
		}
	}

	private boolean isIdle() {
		return System.nanoTime() - this.activeAt > this.settings.idleTimeout().toNanos()
				&& this.progress.unconfirmed() == 0 && !this.cursor.isBehind();
	}

	/**
	 * Ends the relay, unless there is a message that it does not know yet.
	 * @return whether it has ended
	 */
	private boolean end(String reason) throws InterruptedException {
		RelayEnd end = new RelayEnd(this.cursor.newest(), this.progress.mark().forwarded());
		CompletableFuture<Boolean> stored = this.journal.end(RelayEvents.closed(reason), end);
		stored.whenComplete((result, failure) -> this.wakeUp.wake());
		while (!stored.isDone() && !this.over) {
			this.wakeUp.await(CHECK_INTERVAL);
		}
		if (stored.isDone() && stored.join()) {
			logger.debug("Relay '%s' of session %s closed: %s".formatted(name(), this.claim.sessionId(), reason));
			this.closed = true;
			this.over = true;
			return true;
		}
		this.activeAt = System.nanoTime();
		this.cursor.readAgain();
		return false;
	}

	/**
	 * Waits until this node is certain to hold the lease.
	 * @return whether it does; otherwise the relay must stop
	 */
	boolean awaitLease() throws InterruptedException {
		long lease = this.settings.lease().toNanos();
		while (isRunning() && System.nanoTime() - this.renewedAt >= lease) {
			this.wakeUp.await(Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(lease) / 30));
		}
		return isRunning();
	}

	void wake() {
		this.wakeUp.wake();
	}

	private String name() {
		return this.settings.name();
	}

	/**
	 * An open connection.
	 *
	 * @param upstream the connection
	 * @param secrets the secrets of its handshake
	 * @param opening the first messages to send
	 */
	private record Connected(Upstream upstream, Secrets secrets, List<JsonNode> opening) {

	}

}
