package dev.resumablews.internal.publish;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.AppendStatement;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
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
 * Auto-configuration of what applications publish with.
 */
@AutoConfiguration(after = { LogAutoConfiguration.class, PresenceAutoConfiguration.class },
		afterName = { "org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration",
				"org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration",
				"org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration" })
@ConditionalOnBean({ EventLog.class, ConnectionTable.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class PublishAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ResumableSessions resumableSessions(ResumableWsProperties properties, EventLog log, JdbcExecutor database,
			AppendStatement statement, SessionFeeds feeds, ConnectionTable live, ObjectProvider<JsonMapper> json) {
		ObjectWriter writer = json.getIfUnique(JsonMapper::shared).writer().without(SerializationFeature.INDENT_OUTPUT);
		return new DefaultResumableSessions(log, database, statement, feeds, live, writer,
				properties.log().maxEventSize().toBytes());
	}

	@Bean
	IdempotentExecutor resumableWsIdempotentExecutor(JdbcExecutor database, DataSource dataSource,
			ObjectProvider<PlatformTransactionManager> transactionManager) {
		return new IdempotentExecutor(database,
				new TransactionTemplate(transactionManager.getIfUnique(() -> new JdbcTransactionManager(dataSource))));
	}

}
