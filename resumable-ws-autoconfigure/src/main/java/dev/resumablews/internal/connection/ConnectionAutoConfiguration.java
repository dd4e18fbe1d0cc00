package dev.resumablews.internal.connection;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.protocol.DeltaMerger;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.workers.ContainerThreads;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.web.socket.WebSocketHandler;

/**
 * Auto-configuration of the beans shared by all connections. Without them there is no
 * endpoint.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.budget.BudgetAutoConfiguration",
		"dev.resumablews.internal.log.LogAutoConfiguration",
		"dev.resumablews.internal.publish.PublishAutoConfiguration",
		"dev.resumablews.internal.relay.RelayAutoConfiguration",
		"dev.resumablews.internal.reply.ReplyAutoConfiguration",
		"dev.resumablews.internal.handshake.HandshakeAutoConfiguration" })
@ConditionalOnWebApplication(type = Type.SERVLET)
@ConditionalOnClass(WebSocketHandler.class)
@ConditionalOnBean({ EventLog.class, Replies.class, HandshakeAuthenticator.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ConnectionAutoConfiguration {

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
		return new ListeningClock(threads::saturated, ListeningClock.TICK_INTERVAL, System.nanoTime());
	}

	@Bean
	StorageQuota resumableWsStorageQuota(ResumableWsProperties properties, SessionTable sessions, Workers workers) {
		return new StorageQuota(sessions, workers.reading(), properties.user().maxStorage().toBytes());
	}

	@Bean
	ConnectionSettings resumableWsConnectionSettings(ResumableWsProperties properties) {
		ResumableWsProperties.Connection connection = properties.connection();
		return new ConnectionSettings(connection.heartbeatInterval(), connection.heartbeatTimeout(),
				connection.sendTimeout(), connection.maxLifetime(), connection.maxLifetimeJitter(),
				connection.maxMessageSize().toBytes(), connection.maxMalformedMessages(), connection.maxPerSession(),
				connection.maxPerUser(), connection.maxTotal(), connection.maxOpening(),
				connection.maxSendSize().toBytes(), properties.log().pageSize(),
				properties.shutdown().reconnectWindow());
	}

	@Bean
	ConnectionServices resumableWsConnectionServices(ConnectionSettings settings, EventLog log, SessionFeeds feeds,
			Workers workers, ListeningClock time, UserBudgets budgets, StorageQuota quota,
			ListenerDispatcher listeners) {
		return new ConnectionServices(settings, log, feeds, new FrameWriter(),
				new DeltaMerger(settings.maxSendCharacters()), workers, time::getAsLong, budgets, quota,
				listeners.listener());
	}

}
