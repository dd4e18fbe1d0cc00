package dev.resumablews.internal.configuration;

import java.time.Duration;
import java.util.function.IntSupplier;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.ResumableWsProperties.Signal;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.internal.jdbc.ConnectionNeeds;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * Checks invariants between property groups. Combinations that cannot work are rejected;
 * harmful ones are logged. Each message names both values and the remedy.
 */
final class InvariantCheck implements SmartInitializingSingleton {

	private static final Log logger = LogFactory.getLog(InvariantCheck.class);

	/**
	 * Heartbeats after which a node is considered dead.
	 */
	private static final int HEARTBEATS = 2;

	/**
	 * Burst of a user, as a multiple of the size per second.
	 */
	private static final int SIZE_BURST_SECONDS = 16;

	private final ResumableWsProperties properties;

	private final Duration shutdownPhase;

	private final IntSupplier applicationPool;

	/**
	 * Creates a check.
	 * @param shutdownPhase Spring's timeout per shutdown phase
	 * @param applicationPool the size of the application's pool;
	 * {@link Integer#MAX_VALUE} if unknown
	 */
	InvariantCheck(ResumableWsProperties properties, Duration shutdownPhase, IntSupplier applicationPool) {
		this.properties = properties;
		this.shutdownPhase = shutdownPhase;
		this.applicationPool = applicationPool;
	}

	@Override
	public void afterSingletonsInstantiated() {
		refuseWhatCannotWork();
		times();
		sizes();
		connections();
	}

	private void refuseWhatCannotWork() {
		ResumableWsProperties.Cleanup cleanup = this.properties.cleanup();
		Duration least = this.properties.connection().heartbeatInterval().multipliedBy(HEARTBEATS);
		if (cleanup.enabled() && cleanup.liveConnectionTtl().compareTo(least) < 0) {
			throw new ResumableWsConfigurationException(
					"resumable-ws.cleanup.live-connection-ttl (%s) is less than two heartbeats (resumable-ws.connection.heartbeat-interval is %s): open connections would be considered closed."
						.formatted(show(cleanup.liveConnectionTtl()),
								show(this.properties.connection().heartbeatInterval())),
					"Set resumable-ws.cleanup.live-connection-ttl to %s or more, or shorten the heartbeat interval."
						.formatted(show(least)));
		}
	}

	private void times() {
		Duration stop = this.properties.shutdown().timeout();
		warn(stop.compareTo(this.shutdownPhase) >= 0,
				"resumable-ws.shutdown.timeout (%s) is not below spring.lifecycle.timeout-per-shutdown-phase (%s): the shutdown may be cut off before replies are handed over and clients notified. Lower the first or raise the second",
				show(stop), show(this.shutdownPhase));
		ResumableWsProperties.Cluster cluster = this.properties.cluster();
		warn(cluster.signal() == Signal.POLLING && cluster.pollInterval().compareTo(cluster.backstopInterval()) > 0,
				"resumable-ws.cluster.poll-interval (%s) is above resumable-ws.cluster.backstop-interval (%s): sessions are read more often than signals. Lower the first or raise the second",
				show(cluster.pollInterval()), show(cluster.backstopInterval()));
	}

	private void sizes() {
		long message = this.properties.connection().maxMessageSize().toBytes();
		long event = this.properties.log().maxEventSize().toBytes();
		warn(message > event,
				"resumable-ws.connection.max-message-size (%s) is above resumable-ws.log.max-event-size (%s): messages between these sizes are received and then rejected. Lower the first or raise the second",
				bytes(message), bytes(event));
		long request = this.properties.http().maxRequestSize().toBytes();
		warn(this.properties.http().enabled() && message > request,
				"resumable-ws.connection.max-message-size (%s) is above resumable-ws.http.max-request-size (%s): clients without a WebSocket cannot send messages between these sizes. Raise the second",
				bytes(message), bytes(request));
		long waiting = this.properties.user().maxWaitingSize().toBytes();
		warn(waiting > 0 && message > waiting,
				"resumable-ws.connection.max-message-size (%s) is above resumable-ws.user.max-waiting-size (%s): clients that send messages between these sizes are disconnected. Lower the first or raise the second",
				bytes(message), bytes(waiting));
		long atOnce = this.properties.user().sizePerSecond().toBytes() * SIZE_BURST_SECONDS;
		warn(atOnce > 0 && message > atOnce,
				"resumable-ws.connection.max-message-size (%s) is above %d times resumable-ws.user.size-per-second (%s), which a user may send at once: clients that send messages between these sizes are disconnected. Lower the first or raise the second",
				bytes(message), SIZE_BURST_SECONDS, bytes(atOnce / SIZE_BURST_SECONDS));
		this.properties.relay()
			.forEach((name, relay) -> warn(!relay.durableTypes().isEmpty() && relay.maxMessageSize().toBytes() > event,
					"resumable-ws.relay.%s.max-message-size (%s) is above resumable-ws.log.max-event-size (%s): messages between these sizes cannot be stored. Lower the first or raise the second",
					name, bytes(relay.maxMessageSize().toBytes()), bytes(event)));
	}

	private void connections() {
		int handlers = this.properties.log().handlers();
		int application = this.applicationPool.getAsInt();
		ConnectionNeeds needs = ConnectionNeeds.of(this.properties.log().writers(), this.properties.log().readers(),
				this.properties.cluster().signal() == Signal.POLLING, !this.properties.relay().isEmpty());
		Integer size = this.properties.pool().size();
		if (!this.properties.pool().enabled()) {
			warn(needs.total() + handlers > application,
					"resumable-ws.pool.enabled is false, and %d connections (resumable-ws.log.writers %d, log.readers %d, log.handlers %d, and %d others) share a pool of %d with the application and may exhaust it. Raise spring.datasource.hikari.maximum-pool-size, or lower log.writers, log.readers and log.handlers",
					needs.total() + handlers, this.properties.log().writers(), this.properties.log().readers(),
					handlers, needs.reserved() - this.properties.log().writers(), application);
			return;
		}
		warn(handlers >= application,
				"resumable-ws.log.handlers (%d) is not below spring.datasource.hikari.maximum-pool-size (%d): message handlers may use all connections of the application. Lower the first or raise the second",
				handlers, application);
		int configured = (size != null) ? size : needs.total();
		warn(configured < needs.total(),
				"resumable-ws.pool.size (%d) is below the %d connections that resumable-ws.log.writers (%d) and resumable-ws.log.readers (%d) need with %d others: reads wait for each other. Raise the first, or lower log.readers",
				configured, needs.total(), this.properties.log().writers(), this.properties.log().readers(),
				needs.reserved() - this.properties.log().writers());
	}

	private static void warn(boolean harms, String message, Object... values) {
		if (harms) {
			logger.warn(message.formatted(values));
		}
	}

	private static String show(Duration duration) {
		return DurationFormatterUtils.print(duration, DurationFormat.Style.COMPOSITE);
	}

	private static String bytes(long size) {
		return (size % 1024 == 0) ? (size % (1024 * 1024) == 0) ? size / 1024 / 1024 + "MB" : size / 1024 + "KB"
				: size + "B";
	}

}
