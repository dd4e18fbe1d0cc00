package dev.resumablews.internal.connection;

import java.util.Map;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.UserValidator;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.handshake.HandshakeGate;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.Disconnects;
import dev.resumablews.internal.presence.Presence;
import dev.resumablews.internal.presence.RemoteConnectionCount;
import dev.resumablews.internal.presence.RemoteConnections;
import dev.resumablews.internal.protocol.DeltaMerger;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.UserMessages;
import org.apache.catalina.startup.Tomcat;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.threads.ThreadPoolExecutor;

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
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;
import org.springframework.web.HttpRequestHandler;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;

/**
 * Auto-configuration of the WebSocket endpoint. Comes last, like that of the replies,
 * which it would pull forward otherwise.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.budget.BudgetAutoConfiguration",
		"dev.resumablews.internal.handler.HandlerAutoConfiguration",
		"dev.resumablews.internal.log.LogAutoConfiguration",
		"dev.resumablews.internal.publish.PublishAutoConfiguration",
		"dev.resumablews.internal.relay.RelayAutoConfiguration",
		"dev.resumablews.internal.reply.ReplyAutoConfiguration",
		"dev.resumablews.internal.handshake.HandshakeAutoConfiguration" })
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnWebApplication(type = Type.SERVLET)
@ConditionalOnClass(WebSocketHandler.class)
@ConditionalOnBean({ EventLog.class, Replies.class, HandshakeAuthenticator.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ConnectionAutoConfiguration {

	private static final Log logger = LogFactory.getLog(ConnectionAutoConfiguration.class);

	@Bean
	Workers resumableWsWorkers(ResumableWsProperties properties, Environment environment) {
		int readers = properties.log().readers();
		int limit = properties.user().maxHandlers();
		int handlers = (limit > 0) ? limit : Integer.MAX_VALUE;
		return Threading.VIRTUAL.isActive(environment) ? Workers.virtual(readers, handlers)
				: Workers.platform(readers, handlers);
	}

	@Bean
	ListeningClock resumableWsListeningClock(ObjectProvider<ContainerThreads> containers) {
		ContainerThreads threads = containers.getIfAvailable(() -> () -> false);
		return new ListeningClock(threads::saturated, ConnectionLifecycle.WATCH_INTERVAL, System.nanoTime());
	}

	@Bean
	StorageQuota resumableWsStorageQuota(ResumableWsProperties properties, SessionTable sessions, Workers workers) {
		return new StorageQuota(sessions, workers.reading(), properties.user().maxStorage().toBytes());
	}

	@Bean
	SessionOpener resumableWsSessionOpener(ResumableWsProperties properties, Workers workers) {
		return new SessionOpener(workers.opening(), properties.connection().maxOpening());
	}

	@Bean
	Connections resumableWsConnections(ResumableWsProperties properties, ConnectionTable table, Workers workers,
			SessionOpener opener, UserBudgets budgets, ListeningClock time) {
		ResumableWsProperties.Auth auth = properties.auth();
		UnauthenticatedSockets unauthenticated = new UnauthenticatedSockets(
				new FirstMessageSettings(auth.firstMessageTimeout(), auth.maxUnauthenticatedPerAddress(),
						auth.maxUnauthenticated()),
				workers, time);
		return new Connections(settings(properties), new RemoteConnectionCount(table, workers.presence()),
				opener::hasRoomFor, budgets, unauthenticated);
	}

	@Bean
	EphemeralDelivery resumableWsEphemeralDelivery(Connections connections, EphemeralEvents events) {
		EphemeralDelivery delivery = new EphemeralDelivery(connections);
		events.add(delivery);
		return delivery;
	}

	@Bean
	EphemeralMessages resumableWsEphemeralMessages(Handlers handlers, Workers workers) {
		return new EphemeralMessages(handlers, workers.ephemeral());
	}

	@Bean
	SessionPresence resumableWsSessionPresence(Connections connections, RemoteConnections remote, Workers workers) {
		SessionPresence presence = new SessionPresence(connections, remote, workers.presence());
		connections.presence(presence);
		remote.onChanged(presence);
		workers.clock().every(SessionPresence.INTERVAL, "Showing who is connected", presence::tick);
		return presence;
	}

	@Bean
	Presence resumableWsPresence(ConnectionTable table, RemoteConnections remote, Connections connections,
			ResumableWsProperties properties) {
		return new Presence(table, remote, connections::live, connections::supersede,
				properties.connection().heartbeatInterval(), properties.connection().maxPerSession());
	}

	@Bean
	Disconnector resumableWsDisconnector(Connections connections, Disconnects disconnects, Workers workers,
			ListenerDispatcher listeners) {
		Disconnector disconnector = new Disconnector(connections, disconnects, workers.presence(),
				listeners.listener());
		workers.clock()
			.every(disconnects.backstop(), "Looking for users that were disconnected", disconnector::requestIfNeeded);
		return disconnector;
	}

	@Bean
	@ConditionalOnBean(UserValidator.class)
	UserRevalidation resumableWsUserRevalidation(UserValidator validator, Connections connections,
			Disconnector disconnector, Workers workers, ResumableWsProperties properties) {
		UserRevalidation revalidation = new UserRevalidation(validator, connections, disconnector,
				UserRevalidation.TIMEOUT);
		revalidation.every(properties.auth().revalidationInterval(), workers.clock());
		return revalidation;
	}

	@Bean
	ConnectionLifecycle resumableWsConnectionLifecycle(Connections connections, Replies replies, EventLog log,
			Presence presence, Workers workers, ListeningClock time, ResumableWsProperties properties) {
		Drain drain = new Drain(connections, replies, log, presence, workers.presence(),
				properties.shutdown().timeout(), properties.shutdown().replyGrace());
		return new ConnectionLifecycle(connections, presence, workers, time, drain,
				properties.connection().heartbeatInterval());
	}

	@Bean
	WebSocketHandlerMapping resumableWsHandlerMapping(ResumableWsProperties properties, Workers workers,
			Connections connections, SessionOpener opener, Presence presence, Disconnector disconnector,
			ListeningClock time, EventLog log, SessionFeeds feeds, UserMessages messages, Replies replies,
			IdempotentExecutor once, UserBudgets budgets, StorageQuota quota, HandshakeAuthenticator authenticator,
			Handlers handlers, EphemeralMessages ephemerals, ObjectProvider<RelayMessages> relays,
			ListenerDispatcher listeners, ObjectProvider<Observations> observations,
			@Qualifier("resumableWsHandshakeInterceptor") HandshakeInterceptor interceptor,
			ObjectProvider<HandshakeGate> gate) {
		ConnectionSettings settings = settings(properties);
		ConnectionServices services = new ConnectionServices(settings, log, feeds, new FrameWriter(),
				new DeltaMerger(settings.maxSendCharacters()), workers, time, budgets, quota, listeners.listener());
		DispatcherServices dispatcherServices = new DispatcherServices(new FrameReader(), messages, replies, once,
				authenticator, handlers, ephemerals, workers, new MessageBacklog.Total(), quota,
				relays.getIfAvailable(), observations.getIfAvailable(() -> Observations.NONE));
		ConnectionEndpoint endpoint = new ConnectionEndpoint(services, connections, opener, presence, disconnector);
		Map<String, HttpRequestHandler> others = properties.http().enabled()
				? httpEndpoints(properties.http(), gate.getObject(), endpoint, dispatcherServices) : Map.of();
		return ResumableHandshakeHandler.mapping(properties.path(),
				new ResumableWebSocketHandler(endpoint, dispatcherServices), interceptor, others);
	}

	private static Map<String, HttpRequestHandler> httpEndpoints(ResumableWsProperties.Http http, HandshakeGate gate,
			ConnectionEndpoint endpoint, DispatcherServices dispatcherServices) {
		MessagesEndpoint messages = new MessagesEndpoint(gate, endpoint.services(), dispatcherServices,
				endpoint.connections(), http.maxRequestSize().toBytes());
		endpoint.services()
			.workers()
			.clock()
			.every(ConnectionLifecycle.WATCH_INTERVAL, "Watching the requests with messages", messages::watch);
		return Map.of("/sse", new EventStreamEndpoint(gate, endpoint, http.maxWait()), "/messages", messages);
	}

	private static ConnectionSettings settings(ResumableWsProperties properties) {
		ResumableWsProperties.Connection connection = properties.connection();
		return new ConnectionSettings(connection.heartbeatInterval(), connection.heartbeatTimeout(),
				connection.sendTimeout(), connection.maxLifetime(), connection.maxLifetimeJitter(),
				connection.maxMessageSize().toBytes(), connection.maxMalformedMessages(), connection.maxPerSession(),
				connection.maxPerUser(), connection.maxTotal(), connection.maxOpening(),
				connection.maxSendSize().toBytes(), properties.log().pageSize(),
				properties.shutdown().reconnectWindow());
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ TomcatWebServer.class, Tomcat.class })
	static class TomcatConfiguration {

		/**
		 * The server is started after this bean was made, and is another one type of
		 * server if the application has chosen that.
		 */
		@Bean
		ContainerThreads resumableWsTomcatThreads(ApplicationContext context) {
			return () -> context instanceof WebServerApplicationContext servers
					&& servers.getWebServer() instanceof TomcatWebServer server && saturated(server);
		}

		/**
		 * Tomcat counts WebSockets like all other connections. At its own limit it leaves
		 * the next ones without an answer, health checks too; at that of the library a
		 * client is told to come back.
		 */
		@Bean
		ApplicationListener<WebServerInitializedEvent> resumableWsTomcatLimit(ResumableWsProperties properties) {
			int maxTotal = properties.connection().maxTotal();
			return (event) -> {
				if (event.getWebServer() instanceof TomcatWebServer server
						&& event.getApplicationContext().getServerNamespace() == null
						&& server.getTomcat()
							.getConnector()
							.getProtocolHandler() instanceof AbstractProtocol<?> protocol
						&& protocol.getMaxConnections() >= 0 && protocol.getMaxConnections() <= maxTotal) {
					logger
						.warn(("server.tomcat.max-connections (%d) is not above resumable-ws.connection.max-total (%d):"
								+ " when so many clients are connected, the server answers no request at all. Raise the first or lower the second")
							.formatted(protocol.getMaxConnections(), maxTotal));
				}
			};
		}

		private static boolean saturated(TomcatWebServer server) {
			return server.getTomcat()
				.getConnector()
				.getProtocolHandler()
				.getExecutor() instanceof ThreadPoolExecutor pool && pool.getActiveCount() >= pool.getMaximumPoolSize()
					&& !pool.getQueue().isEmpty();
		}

	}

}
