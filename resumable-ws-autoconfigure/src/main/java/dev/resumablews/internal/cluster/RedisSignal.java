package dev.resumablews.internal.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

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
 * Signals by Redis pub/sub, for clusters that would make Postgres' own signals wait for
 * each other.
 */
final class RedisSignal implements ClusterSignal {

	private static final Log logger = LogFactory.getLog(RedisSignal.class);

	private static final long RECOVERY_INTERVAL_MILLIS = 1000;

	private static final Duration STOP_TIMEOUT = Duration.ofSeconds(1);

	private final RedisConnectionFactory connections;

	private final String channel;

	private final OutageLog trouble = new OutageLog("Subscribing to the signals of other nodes");

	private volatile Pause pause = new Pause();

	private final SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor("resumable-ws-redis-");

	private @Nullable Thread starter;

	private volatile @Nullable RedisMessageListenerContainer container;

	RedisSignal(RedisConnectionFactory connections, SchemaName schema) {
		this.connections = connections;
		this.channel = schema.value().isEmpty() ? "resumable-ws:signal" : "resumable-ws:signal:" + schema.value();
		this.executor.setDaemon(true);
	}

	@Override
	public void start(Receiver receiver) {
		this.pause = new Pause();
		Thread starter = new Thread(() -> subscribe(new Listener(receiver)), "resumable-ws-subscribe");
		starter.setDaemon(true);
		starter.start();
		this.starter = starter;
	}

	@Override
	public void send(List<String> texts) {
		byte[] channel = this.channel.getBytes(StandardCharsets.UTF_8);
		try (RedisConnection connection = this.connections.getConnection()) {
			texts.forEach((text) -> connection.publish(channel, text.getBytes(StandardCharsets.UTF_8)));
		}
	}

	@Override
	public void close() {
		this.pause.end();
		if (this.starter != null) {
			Stopping.join(this.starter, STOP_TIMEOUT);
		}
		RedisMessageListenerContainer container = this.container;
		if (container != null) {
			destroy(container);
			this.container = null;
		}
	}

	/**
	 * Tries until it works once. From then on, the container and the driver see to it.
	 */
	private void subscribe(Listener listener) {
		try {
			for (int attempts = 1; !this.pause.hasEnded(); attempts++) {
				RedisMessageListenerContainer container = container(listener);
				try {
					container.start();
					this.container = container;
					this.trouble.worked();
					return;
				}
				catch (RuntimeException ex) {
					destroy(container);
					if (!this.pause.hasEnded()) {
						this.trouble.failed(ex);
						this.pause.await(attempts);
					}
				}
			}
		}
		catch (InterruptedException ex) {
			// stopped, and out of time
		}
	}

	private RedisMessageListenerContainer container(Listener listener) {
		RedisMessageListenerContainer container = new RedisMessageListenerContainer();
		container.setConnectionFactory(this.connections);
		container.setSubscriptionExecutor(this.executor);
		// a text is taken at once, on the thread that it comes in on
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
			logger.debug("A subscription could not be ended", ex);
		}
	}

	/**
	 * Takes what comes in.
	 *
	 * @param receiver who it is for
	 */
	private record Listener(Receiver receiver) implements MessageListener, SubscriptionListener {

		@Override
		public void onMessage(Message message, byte @Nullable [] pattern) {
			this.receiver.received(new String(message.getBody(), StandardCharsets.UTF_8));
		}

		/**
		 * Also after the connection was lost.
		 */
		@Override
		public void onChannelSubscribed(byte[] channel, long count) {
			this.receiver.missed();
		}

	}

}
