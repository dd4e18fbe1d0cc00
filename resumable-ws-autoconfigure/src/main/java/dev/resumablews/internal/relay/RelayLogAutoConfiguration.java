package dev.resumablews.internal.relay;

import java.util.Map;
import java.util.stream.Collectors;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * Auto-configuration of the relays' extension of the event log.
 */
@AutoConfiguration(after = JdbcAutoConfiguration.class)
@ConditionalOnBean(JdbcExecutor.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@Conditional(RelayConfigured.class)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class RelayLogAutoConfiguration {

	@Bean
	RelayAppendExtension resumableWsRelayAppendExtension(NodeId node, ResumableWsProperties properties) {
		return new RelayAppendExtension(node,
				properties.relay()
					.entrySet()
					.stream()
					.collect(Collectors.toMap(Map.Entry::getKey, (relay) -> relay.getValue().lease())));
	}

}
