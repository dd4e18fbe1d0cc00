package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Stream;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.concurrent.WakeUp;
import dev.resumablews.internal.node.NodeNotification;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.relay.RelayTable.Claims;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.RelayStatus;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Claims, runs and hands over the relays of this node:
 * <ol>
 * <li>Relays whose messages this node has stored are claimed by name immediately.
 * <li>Relays with an expired lease are looked up on a notification of another node, when
 * the next lease expires, and periodically.
 * <li>A claimed relay runs until it ends or is lost. When this node stops, it releases
 * its relays for other nodes to claim.
 * </ol>
 * Can be restarted. Safe for use by many threads.
 */
final class RelayScheduler implements RelayStatus.Source, OutageSource, SmartLifecycle {

	/**
	 * Starts before connections are accepted, and stops after the web server and before
	 * the notifications between nodes.
	 */
	static final int PHASE = DEFAULT_PHASE - 4096;

	private static final Log logger = LogFactory.getLog(RelayScheduler.class);

	private static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(100), Duration.ofSeconds(2));

	private static final Duration LOCKED_PAUSE = Duration.ofMillis(100);

	/**
	 * Number of lease durations between scans while no lease is known.
	 */
	private static final int IDLE_LEASES = 2;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private static final Duration HANDOVER_TIMEOUT = Duration.ofSeconds(5);

	private static final int RELEASE_ATTEMPTS = 3;

	private final Map<String, RelaySettings> settings;

	private final RelayServices services;

	private final NodeNotifier notifier;

	private final Supplier<RelayThreads> threadFactory;

	private final Map<RelayKey, Relay> held = new ConcurrentHashMap<>();

	/**
	 * Relays to be claimed by name.
	 */
	private final Set<RelayKey> wanted = ConcurrentHashMap.newKeySet();

	private final WakeUp wakeUp = new WakeUp();

	private final SupervisedLoop claims = new SupervisedLoop("resumable-ws-relay-claims", "Claiming relays", BACK_OFF,
			(control) -> step());

	private final RelayLeases leases;

	private final Duration lease;

	private volatile boolean scanDue;

	private volatile boolean running;

	private volatile @Nullable RelayThreads threads;

	/**
	 * Used by the thread that claims.
	 */
	private long nextScan = System.nanoTime();

	/**
	 * Creates the scheduler.
	 * @param settings the upstreams by name
	 * @param notifier notifies the other nodes about relays to claim
	 * @param threadFactory creates the relays' threads at each start
	 */
	RelayScheduler(Map<String, RelaySettings> settings, RelayServices services, NodeNotifier notifier,
			Supplier<RelayThreads> threadFactory) {
		this.settings = Map.copyOf(settings);
		this.services = services;
		this.notifier = notifier;
		this.threadFactory = threadFactory;
		this.leases = new RelayLeases(services.table(), () -> List.copyOf(this.held.values()));
		this.lease = settings.values().stream().map(RelaySettings::lease).min(Duration::compareTo).orElseThrow();
		notifier.onNotification(NodeNotification.RELAYS, () -> {
			if (this.running) {
				scan();
			}
		}, () -> false);
	}

	@Override
	public synchronized void start() {
		if (!this.running) {
			this.threads = this.threadFactory.get();
			this.running = true;
			this.wakeUp.open();
			scan();
			this.leases.start();
			this.claims.start();
		}
	}

	@Override
	public synchronized void stop() {
		if (!this.running) {
			return;
		}
		this.running = false;
		this.wakeUp.close();
		this.claims.stop(STOP_TIMEOUT);
		handOver();
		this.leases.stop();
		this.held.clear();
		RelayThreads threads = this.threads;
		if (threads != null) {
			threads.close();
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	@Override
	public RelayStatus relays() {
		long now = System.nanoTime();
		List<Relay> open = this.held.values().stream().filter((relay) -> !relay.isOver()).toList();
		Duration sinceRenewal = open.stream()
			.map((relay) -> Duration.ofMillis(TimeUnit.NANOSECONDS.toMillis(Math.max(0, now - relay.renewedAt()))))
			.max(Comparator.naturalOrder())
			.orElse(null);
		return new RelayStatus(open.size(), sinceRenewal, this.lease);
	}

	@Override
	public List<Outage> outages() {
		return Stream.of(this.claims.outages().outage(), this.leases.outage()).filter(Objects::nonNull).toList();
	}

	/**
	 * Returns the settings of a relay.
	 * @param name the relay's name
	 * @return the settings; null if no such relay is configured
	 */
	@Nullable RelaySettings settings(String name) {
		return this.settings.get(name);
	}

	/**
	 * Returns a relay that this node runs; null if it does not run it.
	 */
	@Nullable Relay find(RelayKey key) {
		Relay relay = this.held.get(key);
		return (relay != null && !relay.isOver()) ? relay : null;
	}

	/**
	 * Records a message that was stored on this node.
	 * @param eventId its event
	 * @param bytes its size
	 */
	void stored(RelayKey key, long eventId, long bytes) {
		Relay relay = find(key);
		if (relay != null) {
			relay.stored(eventId, bytes);
		}
		else {
			this.wanted.add(key);
			this.wakeUp.wake();
		}
	}

	private void scan() {
		this.scanDue = true;
		this.wakeUp.wake();
	}

	private void step() throws InterruptedException {
		if (!this.scanDue && this.wanted.isEmpty()) {
			this.wakeUp.await(Duration.ofNanos(this.nextScan - System.nanoTime()));
		}
		if (!this.running) {
			return;
		}
		boolean scan = this.scanDue || System.nanoTime() - this.nextScan >= 0;
		Set<RelayKey> asked = new LinkedHashSet<>(this.wanted);
		this.wanted.removeAll(asked);
		if (!scan && asked.isEmpty()) {
			return;
		}
		this.scanDue = false;
		boolean done = false;
		try {
			claim(asked, scan);
			done = true;
		}
		finally {
			if (!done) {
				this.wanted.addAll(asked);
				this.scanDue |= scan;
			}
		}
	}

	private void claim(Set<RelayKey> asked, boolean scan) throws InterruptedException {
		long begin = System.nanoTime();
		Claims claims = this.services.table().claim(rooms(), List.copyOf(this.held.keySet()), asked, scan);
		claims.relays().forEach((claim) -> begin(claim, begin));
		if (scan) {
			scanAfter(claims.lapsesIn());
		}
		if (claims.offered()) {
			this.notifier.notifyOthers(NodeNotification.RELAYS);
		}
		if (claims.missed()) {
			this.wakeUp.await(LOCKED_PAUSE);
			this.wanted.addAll(asked);
			this.scanDue |= scan;
		}
	}

	private Map<RelaySettings, Integer> rooms() {
		Map<String, Integer> used = new HashMap<>();
		this.held.keySet().forEach((key) -> used.merge(key.name(), 1, Integer::sum));
		Map<RelaySettings, Integer> rooms = new LinkedHashMap<>();
		this.settings.forEach((name, settings) -> rooms.put(settings,
				Math.max(0, settings.maxPerNode() - used.getOrDefault(name, 0))));
		return rooms;
	}

	private void begin(ClaimedRelay claim, long claimedAt) {
		RelaySettings settings = this.settings.get(claim.key().name());
		RelayThreads threads = this.threads;
		if (settings == null || threads == null || !this.running) {
			return;
		}
		Relay relay = new Relay(claim, claimedAt, settings, this.services, threads);
		this.held.put(claim.key(), relay);
		relay.ended().thenRun(() -> ended(relay));
		try {
			threads.execute(relay);
		}
		catch (Throwable ex) {
			logger.warn("Failed to start a relay", ex);
			relay.lost();
			relay.ended().complete(null);
		}
	}

	/**
	 * Handles the end of a relay, which makes room for another one. If a message arrived
	 * while the relay was ending, it restarts immediately. A lost relay is claimed again,
	 * by any node, after its lease has expired.
	 */
	private void ended(Relay relay) {
		if (this.running) {
			this.held.remove(relay.claim().key(), relay);
			if (relay.isClosed()) {
				this.wanted.add(relay.claim().key());
			}
			scan();
		}
	}

	private void scanAfter(@Nullable Duration lapsesIn) {
		long lease = this.lease.toNanos();
		long longest = lease * IDLE_LEASES;
		long wanted = (lapsesIn != null) ? lapsesIn.toNanos() : longest;
		this.nextScan = System.nanoTime() + Math.max(lease / 3, Math.min(wanted, longest))
				+ ThreadLocalRandom.current().nextLong(lease / 10);
	}

	/**
	 * Stops all relays, and releases them.
	 */
	private void handOver() {
		Collection<Relay> relays = List.copyOf(this.held.values());
		relays.forEach(Relay::stop);
		try {
			CompletableFuture.allOf(relays.stream().map(Relay::ended).toArray(CompletableFuture<?>[]::new))
				.get(HANDOVER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException | ExecutionException ex) {
			logger.debug("Relays are still running after " + HANDOVER_TIMEOUT);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Map<Relay, Progress.Mark> rest = new LinkedHashMap<>();
		relays.stream().filter((relay) -> !relay.isOver()).forEach((relay) -> rest.put(relay, relay.progress().mark()));
		if (!rest.isEmpty()) {
			release(rest);
		}
	}

	private void release(Map<Relay, Progress.Mark> relays) {
		for (int attempt = 1; attempt <= RELEASE_ATTEMPTS; attempt++) {
			try {
				this.services.table().release(relays);
				relays.keySet().forEach(Relay::lost);
				this.notifier.notifyOthers(NodeNotification.RELAYS);
				return;
			}
			catch (EventLogUnavailableException ex) {
				logger.debug("Failed to release relays", ex);
			}
		}
		logger.warn("Failed to release %s, which other nodes can claim only after the lease has expired"
			.formatted((relays.size() == 1) ? "1 relay" : relays.size() + " relays"));
	}

}
