package dev.resumablews.internal.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.SubscriptionListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;

/**
 * Signals through Redis pub/sub, for clusters in which the database-wide lock of {@code
 * NOTIFY} is a bottleneck.
 */
final class RedisSignal implements ClusterSignal {

	private static final Log logger = LogFactory.getLog(RedisSignal.class);

	/**
	 * Maximum size of a signal that carries an ephemeral event.
	 */
	static final int MAX_EPHEMERAL_BYTES = 128 * 1024;

	private static final long RECOVERY_INTERVAL_MILLIS = 1000;

	private static final Duration FOREVER = Duration.ofDays(1);

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final RedisConnectionFactory connections;

	private final String channel;

	private final SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("resumable-ws-redis-");

	private volatile @Nullable SupervisedLoop subscribing;

	private volatile @Nullable RedisMessageListenerContainer container;

	RedisSignal(RedisConnectionFactory connections, SchemaName schema) {
		this.connections = connections;
		this.channel = schema.value().isEmpty() ? "resumable-ws:signal" : "resumable-ws:signal:" + schema.value();
		this.executor.setDaemon(true);
	}

	@Override
	public void start(Receiver receiver) {
		SupervisedLoop subscribing = new SupervisedLoop("resumable-ws-subscribe",
				"Subscribing to the signals of other nodes", Cluster.BACK_OFF,
				(control) -> subscribe(new Listener(receiver), control));
		subscribing.start();
		this.subscribing = subscribing;
	}

	@Override
	public void send(List<String> texts) {
		byte[] channel = this.channel.getBytes(StandardCharsets.UTF_8);
		try (RedisConnection connection = this.connections.getConnection()) {
			texts.forEach((text) -> connection.publish(channel, text.getBytes(StandardCharsets.UTF_8)));
		}
	}

	@Override
	public int maxEphemeralBytes() {
		return MAX_EPHEMERAL_BYTES;
	}

	@Override
	public String kind() {
		return "redis";
	}

	@Override
	public boolean isConnected() {
		RedisMessageListenerContainer container = this.container;
		return container != null && container.isListening();
	}

	@Override
	public @Nullable Outage outage() {
		SupervisedLoop subscribing = this.subscribing;
		return (subscribing != null) ? subscribing.outages().outage() : null;
	}

	@Override
	public void close() {
		SupervisedLoop subscribing = this.subscribing;
		if (subscribing != null) {
			subscribing.stop(STOP_TIMEOUT);
		}
		RedisMessageListenerContainer container = this.container;
		if (container != null) {
			destroy(container);
			this.container = null;
		}
	}

	/**
	 * Subscribes, and then waits until this is closed. After the first successful
	 * subscription, the container and the driver recover lost connections.
	 */
	private void subscribe(Listener listener, SupervisedLoop.Control control) throws InterruptedException {
		RedisMessageListenerContainer container = container(listener);
		try {
			container.start();
			this.container = container;
		}
		finally {
			if (this.container == null) {
				destroy(container);
			}
		}
		control.worked();
		while (!control.await(FOREVER)) {
			logger.trace("Subscribed to " + this.channel);
		}
	}

	private RedisMessageListenerContainer container(Listener listener) {
		RedisMessageListenerContainer container = new RedisMessageListenerContainer();
		container.setConnectionFactory(this.connections);
		container.setSubscriptionExecutor(this.executor);
		// signals are handled on the thread that receives them
		container.setTaskExecutor(Runnable::run);
		container.setRecoveryInterval(RECOVERY_INTERVAL_MILLIS);
		container.addMessageListener(listener, new ChannelTopic(this.channel));
		container.afterPropertiesSet();
		return container;
	}

	private static void destroy(RedisMessageListenerContainer container) {
		try {
			container.destroy();
		}
		catch (Exception ex) {
			logger.debug("Failed to end a subscription", ex);
		}
	}

	/**
	 * Passes messages to the receiver.
	 *
	 * @param receiver receives the signals
	 */
	private record Listener(Receiver receiver) implements MessageListener, SubscriptionListener {

		@Override
		public void onMessage(Message message, byte @Nullable [] pattern) {
			this.receiver.received(new String(message.getBody(), StandardCharsets.UTF_8));
		}

		/**
		 * Called after each subscription, including those after a lost connection.
		 */
		@Override
		public void onChannelSubscribed(byte[] channel, long count) {
			this.receiver.missed();
		}

	}

}
