package dev.resumablews.internal.cluster;

import java.util.List;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.ReplyLogAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@TestInstance(Lifecycle.PER_CLASS)
class ClusterAutoConfigurationTests {

	private final String url = TestLog.createDatabase();

	private final JdbcClient sql = JdbcClient.create(new DriverManagerDataSource(this.url));

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, DataSourceAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class, JdbcAutoConfiguration.class,
				LogAutoConfiguration.class, ReplyLogAutoConfiguration.class, ClusterAutoConfiguration.class,
				DataRedisAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + this.url, "resumable-ws.schema.migrate=false");

	private TestRedis redis;

	@BeforeAll
	void startRedis() {
		this.redis = TestRedis.start();
	}

	@AfterAll
	void stopRedis() {
		this.redis.close();
	}

	@Test
	void postgresIsTheDefaultSignal() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed().hasSingleBean(ClusterSignal.class).hasSingleBean(NodeNotifier.class);
			assertThat(context.getBean(ClusterSignal.class)).isInstanceOf(PostgresSignal.class);
			assertThat(context.getBean(Cluster.class).isRunning()).isTrue();
			await().until(() -> listeners() == 1);
			assertThat(threads()).contains("resumable-ws-listen", "resumable-ws-receive", "resumable-ws-signal");
		});
		await().until(() -> threads().isEmpty() && listeners() == 0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "postgres", "polling", "redis" })
	void theSignalStopsAndStartsAgain(String signal) {
		this.runner
			.withPropertyValues("resumable-ws.cluster.signal=" + signal, "spring.data.redis.host=127.0.0.1",
					"spring.data.redis.port=" + this.redis.port())
			.run((context) -> {
				Cluster cluster = context.getBean(Cluster.class);
				for (int i = 0; i < 3; i++) {
					cluster.stop();
					assertThat(cluster.isRunning()).isFalse();
					await().until(() -> threads().isEmpty());
					cluster.start();
					assertThat(cluster.isRunning()).isTrue();
					await().until(() -> threads().contains("resumable-ws-receive"));
				}
			});
		await().until(() -> threads().isEmpty());
	}

	@Test
	void theListenerDoesNotTakeAConnectionFromThePool() {
		this.runner.withPropertyValues("spring.datasource.hikari.maximum-pool-size=1").run((context) -> {
			await().until(() -> listeners() == 1);
			context.getBean(HikariDataSource.class).getConnection().close();
			assertThat(context.getBean(HikariDataSource.class).getHikariPoolMXBean().getActiveConnections()).isZero();
		});
	}

	@Test
	void theListenerTakesItsConnectionFromAPoolOfAnotherType() {
		this.runner.withBean(DataSource.class, () -> new DriverManagerDataSource(this.url)).run((context) -> {
			assertThat(context).hasNotFailed();
			await().until(() -> listeners() == 1);
		});
		await().until(() -> listeners() == 0);
	}

	@Test
	void theListenerCanHaveItsOwnDataSource() {
		this.runner.withUserConfiguration(OwnListener.class).run((context) -> {
			await().until(() -> listeners() == 1);
			assertThat(context).hasSingleBean(HikariDataSource.class);
			assertThat(context.getBean(CountingDataSource.class).opened).isPositive();
		});
	}

	@Test
	void pollingNeedsNoListener() {
		this.runner.withPropertyValues("resumable-ws.cluster.signal=polling").run((context) -> {
			assertThat(context.getBean(ClusterSignal.class)).isInstanceOf(PollingSignal.class);
			assertThat(threads()).contains("resumable-ws-poll").doesNotContain("resumable-ws-listen");
		});
	}

	@Test
	void redisIsUsedWhenConfigured() {
		this.runner
			.withPropertyValues("resumable-ws.cluster.signal=redis", "spring.data.redis.host=127.0.0.1",
					"spring.data.redis.port=" + this.redis.port())
			.run((context) -> {
				assertThat(context.getBean(ClusterSignal.class)).isInstanceOf(RedisSignal.class);
				// the container of Spring Boot
				assertThat(context).getBeanNames(RedisMessageListenerContainer.class)
					.containsOnly("redisMessageListenerContainer");
			});
		await().until(() -> threads().isEmpty());
	}

	@Test
	void redisIsNotUsedByDefault() {
		this.runner.run((context) -> assertThat(context).doesNotHaveBean(RedisSignal.class));
	}

	@Test
	void aMissingRedisConnectionFactoryIsReported() {
		this.runner.withPropertyValues("resumable-ws.cluster.signal=redis")
			.withClassLoader(new FilteredClassLoader(RedisMessageListenerContainer.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("spring-boot-starter-data-redis"));
	}

	@Test
	void aMissingPostgresDriverIsReported() {
		this.runner.withClassLoader(new FilteredClassLoader(PGConnection.class))
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("org.postgresql:postgresql"));
	}

	@Test
	void redisIsOptional() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.data.redis", "io.lettuce"))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(PostgresSignal.class));
	}

	@Test
	void aDisabledLibraryHasNoSignal() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(Cluster.class).doesNotHaveBean(ClusterSignal.class));
	}

	@Test
	void withoutAnEventLogThereIsNoSignal() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, ClusterAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Cluster.class));
	}

	@ParameterizedTest
	@CsvSource({ "poll-interval, 9ms, 10ms", "backstop-interval, 0s, 100ms", "poll-interval, -1s, 10ms" })
	void anInvalidIntervalIsRejected(String name, String value, String least) {
		this.runner.withPropertyValues("resumable-ws.cluster." + name + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("resumable-ws.cluster." + name + " must be " + least + " or more"));
	}

	private int listeners() {
		return this.sql
			.sql("select count(*) from pg_stat_activity where datname = current_database() and query ~ '^(un)?listen '")
			.query(Integer.class)
			.single();
	}

	private static List<String> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter(Thread::isAlive)
			.map(Thread::getName)
			.filter((name) -> name.matches("resumable-ws-(listen|poll|receive|signal|subscribe|redis-.*)"))
			.toList();
	}

	static final class CountingDataSource extends DriverManagerDataSource {

		private volatile int opened;

		CountingDataSource(String url) {
			super(url);
		}

		@Override
		public java.sql.Connection getConnection() throws java.sql.SQLException {
			this.opened++;
			return super.getConnection();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnListener {

		@Bean(defaultCandidate = false)
		CountingDataSource resumableWsListenerDataSource(
				@org.springframework.beans.factory.annotation.Value("${spring.datasource.url}") String url) {
			return new CountingDataSource(url);
		}

	}

}
