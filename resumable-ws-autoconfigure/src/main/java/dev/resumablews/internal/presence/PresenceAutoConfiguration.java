package dev.resumablews.internal.presence;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.node.OtherNodes;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of presence.
 */
@AutoConfiguration(afterName = "dev.resumablews.internal.log.LogAutoConfiguration")
@ConditionalOnBean(JdbcExecutor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class PresenceAutoConfiguration {

	@Bean
	ConnectionTable resumableWsConnectionTable(JdbcExecutor database, NodeId nodeId, ResumableWsProperties properties) {
		return new ConnectionTable(database, nodeId, properties.connection().heartbeatInterval());
	}

	@Bean
	OtherNodes resumableWsOtherNodes() {
		return new OtherNodes();
	}

	@Bean
	RemoteConnections resumableWsRemoteConnections(ConnectionTable table, ObjectProvider<NodeNotifier> notifier,
			OtherNodes others) {
		return new RemoteConnections(table, notifier.getIfAvailable(NodeNotifier::none), others);
	}

	@Bean
	Disconnects resumableWsDisconnects(JdbcExecutor database, ObjectProvider<NodeNotifier> notifier) {
		return new Disconnects(database, notifier.getIfAvailable(NodeNotifier::none));
	}

}
