package dev.resumablews.log;

import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.schema.SchemaName;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Auto-configuration of the event log.
 */
@AutoConfiguration(afterName = { "dev.resumablews.schema.SchemaAutoConfiguration",
		"org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration",
		"org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
		"org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration" })
@ConditionalOnBean(SchemaName.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class LogAutoConfiguration {

	@Bean
	Database resumableWsDatabase(DataSource dataSource, SchemaName schema, ResumableWsProperties properties) {
		return new Database(dataSource, schema, properties.log().statementTimeout());
	}

	@Bean
	CommitListeners resumableWsCommitListeners() {
		return new CommitListeners();
	}

	@Bean
	SessionFeeds resumableWsSessionFeeds(ResumableWsProperties properties, CommitListeners commits) {
		return new SessionFeeds(properties.feed().maxEvents(), properties.feed().maxSize().toBytes(), commits);
	}

	@Bean
	NewsReader resumableWsNewsReader(Database database, SessionFeeds feeds) {
		return new NewsReader(database, feeds);
	}

	@Bean
	@ConditionalOnMissingBean(EventLog.class)
	PostgresEventLog resumableWsEventLog(ResumableWsProperties properties, Database database, AppendStatement statement,
			SessionFeeds feeds, ObjectProvider<ResumableWsListener> listeners) {
		ResumableWsProperties.Log log = properties.log();
		LogSettings settings = new LogSettings(log.lanes(), log.queueCapacity(), log.queueSize().toBytes(),
				log.maxBatch(), log.commitInterval(), log.appendTimeout(), log.statementTimeout(),
				log.maxEventSize().toBytes(), properties.connection().maxSendSize().toBytes() * 4);
		return new PostgresEventLog(settings, database, statement, feeds,
				ResumableWsListener.all(listeners.orderedStream().toList()));
	}

	@Bean
	@ConditionalOnMissingBean
	ResumableSessions resumableSessions(ResumableWsProperties properties, EventLog log, Database database,
			AppendStatement statement, SessionFeeds feeds, LiveConnections live, ObjectProvider<JsonMapper> json) {
		ObjectWriter writer = json.getIfUnique(JsonMapper::shared).writer().without(SerializationFeature.INDENT_OUTPUT);
		return new PublishingSessions(log, database, statement, feeds, live, writer,
				properties.log().maxEventSize().toBytes());
	}

	@Bean
	OnceOnly resumableWsOnceOnly(Database database, DataSource dataSource,
			ObjectProvider<PlatformTransactionManager> transactionManager) {
		return new OnceOnly(database,
				new TransactionTemplate(transactionManager.getIfUnique(() -> new JdbcTransactionManager(dataSource))));
	}

	@Bean
	NodeId resumableWsNodeId() {
		return new NodeId(UUID.randomUUID());
	}

	@Bean
	AppendStatement resumableWsAppendStatement(Database database, NodeId nodeId, ResumableWsProperties properties) {
		return new AppendStatement(database, nodeId, properties.reply().lease());
	}

	@Bean
	ReplyLeases resumableWsReplyLeases(Database database, NodeId nodeId, ResumableWsProperties properties) {
		return new ReplyLeases(database, nodeId, properties.reply().lease());
	}

	@Bean
	LiveConnections resumableWsLiveConnections(Database database, NodeId nodeId, ResumableWsProperties properties) {
		return new LiveConnections(database, nodeId, properties.connection().heartbeatInterval());
	}

}
