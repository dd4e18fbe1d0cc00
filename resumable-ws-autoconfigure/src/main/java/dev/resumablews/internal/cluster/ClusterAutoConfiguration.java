package dev.resumablews.internal.cluster;

import java.util.Properties;
import java.util.function.Supplier;

import javax.sql.DataSource;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.ResumableWsProperties.Signal;
import dev.resumablews.internal.cluster.ListenerConnections.Address;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.RemoteEventReader;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.OtherNodes;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.util.ClassUtils;

/**
 * Auto-configuration of the signals between nodes. The connection that listens to
 * Postgres comes from a {@link DataSource} bean named {@code
 * resumableWsListenerDataSource} if there is one (declare it with {@code
 * defaultCandidate = false}). Otherwise it is opened with the known address of the
 * database.
 */
@AutoConfiguration(after = LogAutoConfiguration.class,
		afterName = "org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration")
@ConditionalOnBean(RemoteEventReader.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ClusterAutoConfiguration {

	@Bean
	Cluster resumableWsCluster(ResumableWsProperties properties, NodeId node, ObjectProvider<ClusterSignal> signal,
			RemoteEventReader reader, CommitListeners commits, ObjectProvider<EphemeralEvents> ephemerals,
			ObjectProvider<OtherNodes> others) {
		ResumableWsProperties.Cluster cluster = properties.cluster();
		return new Cluster(node, signal.getIfAvailable(() -> {
			throw missing(cluster.signal());
		}), reader, commits, ephemerals.getIfAvailable(EphemeralEvents::new), others.getIfAvailable(OtherNodes::new),
				cluster.backstopInterval());
	}

	private static ResumableWsConfigurationException missing(Signal signal) {
		return (signal == Signal.REDIS) ? new ResumableWsConfigurationException(
				"Property resumable-ws.cluster.signal is 'redis', but there is no RedisConnectionFactory.",
				"Add the dependency org.springframework.boot:spring-boot-starter-data-redis, or set resumable-ws.cluster.signal to 'postgres' or 'polling'.")
				: new ResumableWsConfigurationException(
						"Property resumable-ws.cluster.signal is 'postgres', but spring-boot-jdbc or the Postgres driver is missing.",
						"Add org.springframework.boot:spring-boot-starter-jdbc and org.postgresql:postgresql, or set resumable-ws.cluster.signal to 'polling'.");
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "resumable-ws.cluster.signal", havingValue = "postgres", matchIfMissing = true)
	@ConditionalOnClass({ PGConnection.class, JdbcConnectionDetails.class })
	static class ByPostgres {

		private static final Log logger = LogFactory.getLog(ClusterAutoConfiguration.class);

		private static final boolean HIKARI = ClassUtils.isPresent("com.zaxxer.hikari.HikariDataSource",
				ByPostgres.class.getClassLoader());

		@Bean
		PostgresSignal resumableWsClusterSignal(ResumableWsProperties properties, SchemaName schema,
				ChosenDataSource chosen, JdbcExecutor database, ObjectProvider<JdbcConnectionDetails> details,
				@Qualifier("resumableWsListenerDataSource") ObjectProvider<DataSource> listenerDataSource) {
			DataSource own = listenerDataSource.getIfAvailable();
			ListenerConnections connections = (own != null) ? ListenerConnections.from(own)
					: connections(chosen.dataSource(), chosen.alone() ? details.getIfUnique() : null);
			return new PostgresSignal(database, connections, schema, properties.log().statementTimeout());
		}

		private static ListenerConnections connections(DataSource dataSource, @Nullable JdbcConnectionDetails details) {
			Supplier<Address> hikari = HIKARI ? HikariAddress.of(dataSource) : null;
			if (hikari != null) {
				return ListenerConnections.to(hikari);
			}
			if (details != null) {
				return ListenerConnections.to(() -> new Address(details.getJdbcUrl(), details.getUsername(),
						details.getPassword(), new Properties()));
			}
			logger.info("Using a pooled connection to listen for signals, because the database address is unknown");
			return ListenerConnections.from(dataSource);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "resumable-ws.cluster.signal", havingValue = "polling")
	static class ByPolling {

		@Bean
		PollingSignal resumableWsClusterSignal(ResumableWsProperties properties, JdbcExecutor database) {
			return new PollingSignal(database, properties.cluster().pollInterval());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "resumable-ws.cluster.signal", havingValue = "redis")
	@ConditionalOnClass(RedisMessageListenerContainer.class)
	static class ByRedis {

		@Bean
		@ConditionalOnBean(RedisConnectionFactory.class)
		RedisSignal resumableWsClusterSignal(RedisConnectionFactory connections, SchemaName schema) {
			return new RedisSignal(connections, schema);
		}

	}

}
