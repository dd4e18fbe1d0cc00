package dev.resumablews.internal.operations;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.schema.SchemaVersion;
import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.RelayStatus;
import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import dev.resumablews.internal.status.WriterStatus;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration of the health indicator, the actuator endpoint, the gauges and the
 * start-up log line.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.cluster.ClusterAutoConfiguration",
		"dev.resumablews.internal.log.LogAutoConfiguration", "dev.resumablews.internal.relay.RelayAutoConfiguration",
		"dev.resumablews.internal.reply.ReplyAutoConfiguration" })
@ConditionalOnBean({ EventLog.class, NodeId.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class OperationsAutoConfiguration {

	@Bean
	NodeState resumableWsNodeState(ObjectProvider<WriterStatus.Source> writers,
			ObjectProvider<ReplyStatus.Source> replies, ObjectProvider<RelayStatus.Source> relays,
			ObjectProvider<SignalStatus.Source> signals, ObjectProvider<ConnectionStatus.Source> connections,
			ObjectProvider<OutageSource> outages) {
		return new NodeState(writers, replies, relays, signals, connections, outages);
	}

	@Bean
	NodeDescription resumableWsNodeDescription(NodeId node, ResumableWsProperties properties) {
		String schema = properties.schema().name();
		return new NodeDescription(node.value(), version(), properties.path(), schema.isEmpty() ? null : schema,
				SchemaVersion.latest());
	}

	@Bean(defaultCandidate = false)
	StartupLog resumableWsStartupLog(ApplicationContext context, NodeDescription node, NodeState state) {
		return new StartupLog(context, node, state);
	}

	private static @Nullable String version() {
		return ResumableWsProperties.class.getPackage().getImplementationVersion();
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HealthIndicator.class, ConditionalOnEnabledHealthIndicator.class })
	static class HealthConfiguration {

		@Bean
		@ConditionalOnEnabledHealthIndicator("resumablews")
		ResumableWsHealthIndicator resumableWsHealthIndicator(NodeState state) {
			return new ResumableWsHealthIndicator(state);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(ConditionalOnAvailableEndpoint.class)
	static class EndpointConfiguration {

		@Bean
		@ConditionalOnAvailableEndpoint
		ResumableWsEndpoint resumableWsEndpoint(NodeDescription node, NodeState state, JdbcExecutor database,
				NodeId nodeId) {
			return new ResumableWsEndpoint(node, state, new SessionInspector(database, nodeId));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(MeterBinder.class)
	static class MetersConfiguration {

		@Bean
		ResumableWsMeters resumableWsMeters(NodeState state) {
			return new ResumableWsMeters(state);
		}

	}

}
