package dev.resumablews.internal.publish;

import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsDataSource;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.AppendStatement;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.Disconnects;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.util.function.SingletonSupplier;

/**
 * Auto-configuration of publishing.
 */
@AutoConfiguration(after = { LogAutoConfiguration.class, PresenceAutoConfiguration.class },
		afterName = { "org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration",
				"org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
				"org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration" })
@ConditionalOnBean({ EventLog.class, ConnectionTable.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class PublishAutoConfiguration {

	private static final String TRACKER = "resumableWsTransactionTracker";

	/**
	 * Not a default candidate, because it is not a listener of the application.
	 */
	@Bean(defaultCandidate = false)
	@Qualifier(TRACKER)
	static TransactionTracker resumableWsTransactionTracker(ObjectProvider<ChosenDataSource> chosen) {
		return new TransactionTracker(SingletonSupplier.of(() -> chosen.getObject().dataSource()));
	}

	@Bean
	static TransactionTrackerRegistrar resumableWsTransactionTrackerRegistrar(
			@Qualifier(TRACKER) ObjectProvider<TransactionTracker> tracker) {
		return new TransactionTrackerRegistrar(tracker);
	}

	@Bean
	EphemeralEvents resumableWsEphemeralEvents() {
		return new EphemeralEvents();
	}

	@Bean
	FutureCompleter resumableWsFutureCompleter() {
		return new FutureCompleter();
	}

	@Bean
	@ConditionalOnMissingBean
	ResumableSessions resumableSessions(ResumableWsProperties properties, EventLog log, SessionTable sessions,
			JdbcExecutor database, AppendStatement statement, SessionFeeds feeds, ConnectionTable live,
			EphemeralEvents ephemerals, Disconnects disconnects, ListenerDispatcher listeners,
			ObjectProvider<JsonMapper> json, FutureCompleter futures, @Qualifier(TRACKER) TransactionTracker tracker) {
		ObjectWriter writer = json.getIfUnique(JsonMapper::shared).writer().without(SerializationFeature.INDENT_OUTPUT);
		TransactionalStore store = new TransactionalStore(database, statement, feeds, properties.log().maxBatch(),
				properties.log().appendTimeout());
		UserPublisher users = new UserPublisher(database, store, log.payloads(),
				Math.max(1, properties.log().readers() / 2), properties.log().appendTimeout(),
				UserPublisher.MAX_SESSIONS);
		return new DefaultResumableSessions(log, futures, tracker, store, users, sessions, feeds, live, ephemerals,
				new SessionEraser(database, feeds), disconnects, listeners.listener(), writer,
				properties.log().maxEventSize().toBytes());
	}

	@Bean
	IdempotentExecutor resumableWsIdempotentExecutor(ResumableWsProperties properties, JdbcExecutor database,
			@ResumableWsDataSource ObjectProvider<PlatformTransactionManager> qualifiedTransactionManager,
			ObjectProvider<PlatformTransactionManager> transactionManager,
			@Qualifier(TRACKER) TransactionTracker tracker) {
		PlatformTransactionManager qualified = qualifiedTransactionManager.getIfUnique();
		return new IdempotentExecutor(database, (qualified != null) ? qualified : transactionManager.getIfUnique(),
				tracker, properties.log().handlers(), properties.log().appendTimeout());
	}

}
