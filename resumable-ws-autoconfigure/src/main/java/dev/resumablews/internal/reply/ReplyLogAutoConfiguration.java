package dev.resumablews.internal.reply;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the contribution of replies to the append statement.
 */
@AutoConfiguration(after = JdbcAutoConfiguration.class)
@ConditionalOnBean(JdbcExecutor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ReplyLogAutoConfiguration {

	@Bean
	ReplyAppendExtension resumableWsReplyAppendExtension(NodeId node, ResumableWsProperties properties) {
		return new ReplyAppendExtension(node, properties.reply().lease());
	}

}
