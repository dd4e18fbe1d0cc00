package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.protocol.DeltaMerger;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.reply.Replies;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;

/**
 * Auto-configuration of the WebSocket endpoint. Comes last, like that of the replies,
 * which it would pull forward otherwise.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.log.LogAutoConfiguration",
		"dev.resumablews.internal.publish.PublishAutoConfiguration",
		"dev.resumablews.internal.reply.ReplyAutoConfiguration",
		"dev.resumablews.internal.handshake.HandshakeAutoConfiguration" })
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnWebApplication(type = Type.SERVLET)
@ConditionalOnClass(WebSocketHandler.class)
@ConditionalOnBean({ EventLog.class, Replies.class, HandshakeAuthenticator.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ConnectionAutoConfiguration {

	private static final Duration CLOCK_INTERVAL = Duration.ofMillis(250);

	private static final Duration PRESENCE_INTERVAL = Duration.ofSeconds(1);

	/**
	 * What clients send to this library and not to the application.
	 */
	private static final Set<String> OWN_TYPES = Set.of("auth", "cancel", "ping", "resume");

	@Bean
	Workers resumableWsWorkers(ResumableWsProperties properties, Environment environment) {
		int readers = properties.log().readers();
		return Threading.VIRTUAL.isActive(environment) ? Workers.virtual(readers) : Workers.platform(readers);
	}

	@Bean
	Connections resumableWsConnections(ResumableWsProperties properties, ConnectionTable live, Workers workers) {
		return new Connections(settings(properties), new RemoteConnectionCount(live, workers.blocking()));
	}

	@Bean
	Presence resumableWsPresence(ConnectionTable live, Connections connections, ResumableWsProperties properties) {
		return new Presence(live, connections, settings(properties));
	}

	@Bean
	Drain resumableWsDrain(Connections connections, Replies replies, EventLog log, Presence presence, Workers workers,
			ResumableWsProperties properties) {
		return new Drain(connections, replies, log, presence, workers.blocking(), properties.shutdown().timeout(),
				properties.shutdown().replyGrace());
	}

	@Bean
	WebSocketHandlerMapping resumableWsHandlerMapping(ResumableWsProperties properties, Workers workers,
			Connections connections, Presence presence, EventLog log, SessionFeeds feeds, Replies replies,
			IdempotentExecutor once, HandshakeAuthenticator authenticator,
			ObjectProvider<ClientMessageHandler> handlers, ObjectProvider<ResumableWsListener> listeners,
			@Qualifier("resumableWsHandshakeInterceptor") HandshakeInterceptor interceptor) {
		workers.every(CLOCK_INTERVAL, connections::watch);
		workers.every(presenceInterval(properties.connection().heartbeatInterval()),
				(now) -> workers.blocking().execute(presence::write));
		ConnectionSettings settings = settings(properties);
		ConnectionServices services = new ConnectionServices(settings, log, feeds, new FrameWriter(),
				new DeltaMerger(settings.maxSendCharacters()), workers,
				ResumableWsListener.all(listeners.orderedStream().toList()));
		DispatcherServices inboxServices = new DispatcherServices(new FrameReader(), replies, once, authenticator,
				byType(handlers.orderedStream().toList()), workers.handling());
		ResumableWebSocketHandler handler = new ResumableWebSocketHandler(services, inboxServices, connections,
				presence);
		return ResumableHandshakeHandler.mapping(properties.path(), handler, interceptor);
	}

	/**
	 * Often enough for a heartbeat not to come a second one late.
	 */
	private static Duration presenceInterval(Duration heartbeat) {
		Duration interval = heartbeat.dividedBy(4);
		return (interval.compareTo(PRESENCE_INTERVAL) < 0) ? interval.plusMillis(1) : PRESENCE_INTERVAL;
	}

	private static Map<String, ClientMessageHandler> byType(List<ClientMessageHandler> handlers) {
		handlers.forEach((handler) -> {
			if (OWN_TYPES.contains(handler.type())) {
				throw new IllegalStateException(
						"Messages of type '%s' are the protocol's own, so %s would never be called"
							.formatted(handler.type(), handler.getClass().getName()));
			}
		});
		return handlers.stream()
			.collect(Collectors.toMap(ClientMessageHandler::type, (handler) -> handler, (first, second) -> {
				throw new IllegalStateException("Two beans handle messages of type '%s': %s and %s"
					.formatted(first.type(), first.getClass().getName(), second.getClass().getName()));
			}));
	}

	private static ConnectionSettings settings(ResumableWsProperties properties) {
		ResumableWsProperties.Connection connection = properties.connection();
		return new ConnectionSettings(connection.heartbeatInterval(), connection.heartbeatTimeout(),
				connection.sendTimeout(), connection.maxLifetime(), connection.maxLifetimeJitter(),
				connection.maxMessageSize().toBytes(), connection.maxMalformedMessages(),
				connection.messagesPerSecond(), connection.messageBurst(), connection.maxPerSession(),
				connection.maxPerUser(), connection.maxTotal(), connection.maxSendSize().toBytes(),
				properties.log().pageSize(), properties.shutdown().reconnectWindow());
	}

}
