package dev.resumablews.internal.relay;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.web.socket.client.WebSocketClient;
import org.springframework.web.socket.client.standard.StandardWebSocketClient;

/**
 * Auto-configuration of relays. Active if a relay is configured.
 */
@AutoConfiguration(afterName = "dev.resumablews.internal.log.LogAutoConfiguration",
		after = RelayLogAutoConfiguration.class)
@ConditionalOnClass(WebSocketClient.class)
@ConditionalOnBean({ EventLog.class, RelayAppendExtension.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@Conditional(RelayConfigured.class)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class RelayAutoConfiguration {

	@Bean
	RelayTable resumableWsRelayTable(JdbcExecutor database, NodeId node) {
		return new RelayTable(database, node);
	}

	/**
	 * The parameter is deliberately not named like a bean: if there were several clients,
	 * Spring would choose the one with the parameter's name.
	 */
	@Bean
	RelayScheduler resumableWsRelays(ResumableWsProperties properties, EventLog log, SessionFeeds feeds,
			RelayTable table, ObjectProvider<NodeNotifier> notifier, ObjectProvider<RelayCustomizer> customizers,
			ObjectProvider<WebSocketClient> theOnlyWebSocketClient, ObjectProvider<ResumableSessions> sessions,
			Environment environment) {
		Supplier<RelayThreads> threads = Threading.VIRTUAL.isActive(environment) ? RelayThreads::virtual
				: RelayThreads::platform;
		RelayServices services = new RelayServices(log, feeds, table,
				theOnlyWebSocketClient.getIfAvailable(RelayAutoConfiguration::client),
				(sessionId, type, payload) -> sessions.getObject().sendEphemeral(sessionId, type, payload));
		return new RelayScheduler(settings(properties, customizers), services,
				notifier.getIfAvailable(NodeNotifier::none), threads);
	}

	@Bean
	RelayMessages resumableWsRelayMessages(EventLog log, RelayTable table, RelayScheduler relays) {
		return new RelayMessages(log, table, relays);
	}

	private static WebSocketClient client() {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("resumable-ws-relay-connect-");
		threads.setDaemon(true);
		StandardWebSocketClient client = new StandardWebSocketClient();
		client.setTaskExecutor(threads);
		return client;
	}

	private static Map<String, RelaySettings> settings(ResumableWsProperties properties,
			ObjectProvider<RelayCustomizer> customizers) {
		Map<String, RelayCustomizer> byName = customizers.orderedStream()
			.collect(Collectors.toMap(RelayCustomizer::relay, (customizer) -> customizer, (first, second) -> {
				throw new ResumableWsConfigurationException(
						"Two beans customize relay '%s': %s and %s.".formatted(first.relay(),
								first.getClass().getName(), second.getClass().getName()),
						"Remove one of them, or merge them into one bean.");
			}));
		byName.forEach((name, customizer) -> {
			if (!properties.relay().containsKey(name)) {
				throw new ResumableWsConfigurationException("%s customizes relay '%s', which is not configured."
					.formatted(customizer.getClass().getName(), name),
						"Set resumable-ws.relay.%s.uri, or correct the name.".formatted(name));
			}
		});
		Map<String, RelaySettings> settings = new HashMap<>();
		properties.relay()
			.forEach((name, relay) -> settings.put(name,
					new RelaySettings(name, Objects.requireNonNull(relay.uri()), relay.headers(), relay.subprotocols(),
							relay.durableTypes(), relay.ephemeralTypes(),
							relay.redelivery() == ResumableWsProperties.Redelivery.RESEND, relay.connectTimeout(),
							new BackOff(relay.minBackOff(), relay.maxBackOff()), relay.maxRefusals(),
							relay.giveUpAfter(), relay.idleTimeout(), (int) relay.maxMessageSize().toBytes(),
							relay.maxWaitingSize().toBytes(), properties.log().maxEventSize().toBytes(), relay.lease(),
							relay.maxPerUser(), relay.maxPerNode(), byName.getOrDefault(name, unchanged(name)))));
		return settings;
	}

	private static RelayCustomizer unchanged(String name) {
		return () -> name;
	}

}
