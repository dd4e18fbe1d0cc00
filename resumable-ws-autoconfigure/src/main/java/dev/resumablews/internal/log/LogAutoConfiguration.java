package dev.resumablews.internal.log;

import java.util.UUID;

import dev.resumablews.PayloadCodec;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.observation.Observations;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the event log.
 */
@AutoConfiguration(after = JdbcAutoConfiguration.class)
@ConditionalOnBean(JdbcExecutor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class LogAutoConfiguration {

	@Bean
	CommitListeners resumableWsCommitListeners() {
		return new CommitListeners();
	}

	@Bean
	SessionFeeds resumableWsSessionFeeds(ResumableWsProperties properties, CommitListeners commits) {
		return new SessionFeeds(properties.feed().maxEvents(), properties.feed().maxSize().toBytes(), commits);
	}

	/**
	 * The parameter name must not be that of a bean: if there are several beans, Spring
	 * would choose the one with that name.
	 */
	@Bean
	StoredPayloads resumableWsStoredPayloads(ObjectProvider<PayloadCodec> theOnlyPayloadCodec) {
		return new StoredPayloads(theOnlyPayloadCodec.getIfAvailable());
	}

	@Bean
	RemoteEventReader resumableWsRemoteEventReader(JdbcExecutor database, SessionFeeds feeds, StoredPayloads payloads) {
		return new RemoteEventReader(database, feeds, payloads);
	}

	@Bean
	PostgresEventLog resumableWsEventLog(ResumableWsProperties properties, JdbcExecutor database, SessionTable sessions,
			AppendStatement statement, SessionFeeds feeds, ListenerDispatcher listeners, StoredPayloads payloads,
			ObjectProvider<Observations> observations) {
		ResumableWsProperties.Log log = properties.log();
		LogSettings settings = new LogSettings(log.writers(), log.queueCapacity(), log.queueSize().toBytes(),
				log.maxBatch(), log.commitInterval(), log.appendTimeout(), log.statementTimeout(),
				log.maxEventSize().toBytes(), properties.connection().maxSendSize().toBytes() * 4);
		return new PostgresEventLog(settings, database, sessions, statement, feeds, listeners.listener(), payloads,
				observations.getIfAvailable(() -> Observations.NONE));
	}

	@Bean
	SessionTable resumableWsSessionTable(ResumableWsProperties properties, JdbcExecutor database) {
		return new SessionTable(database, properties.user().maxSessions());
	}

	@Bean
	NodeId resumableWsNodeId() {
		return new NodeId(UUID.randomUUID());
	}

	@Bean
	AppendStatement resumableWsAppendStatement(ObjectProvider<AppendExtension> extensions) {
		return new AppendStatement(extensions.orderedStream().toList());
	}

}
