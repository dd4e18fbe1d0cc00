package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.relay.RelayTable.Renewal;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Renews the leases of this node's relays three times per lease, and stores their
 * progress several times per second. Sends no statements without a relay. Uses a
 * dedicated thread.
 */
final class RelayLeases {

	private static final Log logger = LogFactory.getLog(RelayLeases.class);

	private static final int RENEWALS_IN_A_LEASE = 3;

	private static final Duration TICK = Duration.ofMillis(200);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final RelayTable table;

	private final Supplier<Collection<Relay>> held;

	private final SupervisedLoop loop = new SupervisedLoop("resumable-ws-relay-leases", "Renewing the leases of relays",
			new BackOff(TICK, Duration.ofSeconds(1)), this::step);

	/**
	 * Creates the service.
	 * @param held returns the relays that this node runs
	 */
	RelayLeases(RelayTable table, Supplier<Collection<Relay>> held) {
		this.table = table;
		this.held = held;
	}

	/**
	 * Returns the current outage of renewals; null if there is none.
	 */
	@Nullable Outage outage() {
		return this.loop.outages().outage();
	}

	void start() {
		this.loop.start();
	}

	void stop() {
		this.loop.stop(STOP_TIMEOUT);
	}

	private void step(SupervisedLoop.Control control) throws InterruptedException {
		if (control.await(TICK)) {
			return;
		}
		long now = System.nanoTime();
		Map<Relay, Progress.Mark> due = new LinkedHashMap<>();
		for (Relay relay : this.held.get()) {
			boolean renewal = now - relay.renewedAt() >= relay.settings().lease().toNanos() / RENEWALS_IN_A_LEASE;
			if (!relay.isOver() && (renewal || relay.progress().isNew())) {
				due.put(relay, relay.progress().mark());
			}
		}
		if (due.isEmpty()) {
			return;
		}
		Map<RelayKey, Renewal> renewals = this.table.renew(due);
		due.forEach((relay, mark) -> {
			Renewal renewal = renewals.get(relay.claim().key());
			if (renewal != null) {
				if (renewal.renewed()) {
					relay.progress().persisted(mark);
				}
				relay.renewed(now, renewal);
			}
			else if (!relay.isOver()) {
				LogContext.run(relay.claim().sessionId(), null, () -> logger
					.info("Lost relay '%s' of session %s: another node has taken it over, or its session is closed"
						.formatted(relay.settings().name(), relay.claim().sessionId())));
				relay.lost();
			}
		});
	}

}
