package dev.resumablews.internal.admission;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.UserValidator;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.connection.ConnectionAutoConfiguration;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.connection.ConnectionSettings;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.Disconnects;
import dev.resumablews.internal.presence.Presence;
import dev.resumablews.internal.presence.RemoteConnectionCount;
import dev.resumablews.internal.presence.RemoteConnections;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.workers.ContainerThreads;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;
import org.apache.catalina.startup.Tomcat;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.coyote.AbstractProtocol;
import org.apache.tomcat.util.threads.ThreadPoolExecutor;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration of the connections of this node.
 */
@AutoConfiguration(after = ConnectionAutoConfiguration.class)
@ConditionalOnBean(ConnectionServices.class)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class AdmissionAutoConfiguration {

	private static final Log logger = LogFactory.getLog(AdmissionAutoConfiguration.class);

	@Bean
	SessionOpener resumableWsSessionOpener(ResumableWsProperties properties, Workers workers) {
		return new SessionOpener(workers.opening(), properties.connection().maxOpening());
	}

	@Bean
	Connections resumableWsConnections(ResumableWsProperties properties, ConnectionSettings settings,
			ConnectionTable table, Workers workers, SessionOpener opener, UserBudgets budgets, ListeningClock time) {
		ResumableWsProperties.Auth auth = properties.auth();
		UnauthenticatedSockets unauthenticated = new UnauthenticatedSockets(
				new FirstMessageSettings(auth.firstMessageTimeout(), auth.maxUnauthenticatedPerAddress(),
						auth.maxUnauthenticated()),
				workers, time::getAsLong);
		return new Connections(settings, new RemoteConnectionCount(table, workers.presence()), opener::hasRoomFor,
				budgets, unauthenticated);
	}

	@Bean
	EphemeralDelivery resumableWsEphemeralDelivery(Connections connections, EphemeralEvents events) {
		EphemeralDelivery delivery = new EphemeralDelivery(connections);
		events.add(delivery);
		return delivery;
	}

	@Bean
	SessionPresence resumableWsSessionPresence(Connections connections, RemoteConnections remote, Workers workers) {
		SessionPresence presence = new SessionPresence(connections, remote, workers.presence());
		connections.presence(presence);
		remote.onChanged(presence);
		workers.clock().every(SessionPresence.INTERVAL, "Sending presence", presence::tick);
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
		workers.clock().every(disconnects.backstop(), "Reading disconnected users", disconnector::requestIfNeeded);
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
	ConnectionEndpoint resumableWsConnectionEndpoint(ConnectionServices services, Connections connections,
			SessionOpener opener, Presence presence, Disconnector disconnector) {
		return new ConnectionEndpoint(services, connections, opener, presence, disconnector);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ TomcatWebServer.class, Tomcat.class })
	static class TomcatConfiguration {

		/**
		 * The server starts after this bean is created, and may be of another type if the
		 * application has chosen so.
		 */
		@Bean
		ContainerThreads resumableWsTomcatThreads(ApplicationContext context) {
			return () -> context instanceof WebServerApplicationContext servers
					&& servers.getWebServer() instanceof TomcatWebServer server && saturated(server);
		}

		/**
		 * Tomcat counts WebSockets like all other connections. At its own limit it leaves
		 * further connections, including health checks, without a response; at the
		 * library's limit a client receives a response and can retry.
		 */
		@Bean(defaultCandidate = false)
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
								+ " with that many clients connected, the server does not answer any further request. Raise the former or lower the latter")
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
