package dev.resumablews.internal.datasource;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsDataSource;
import dev.resumablews.internal.cleanup.CleanupAutoConfiguration;
import dev.resumablews.internal.cluster.ClusterAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.publish.PublishAutoConfiguration;
import dev.resumablews.internal.reply.ReplyLogAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SimpleDriverDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@NotUnderFaults("Counts connections to the databases")
class DataSourceChoiceAutoConfigurationTests {

	private final String orders = TestPostgres.createDatabase();

	private final String chat = TestPostgres.createDatabase();

	/**
	 * An application that publishes without a web server.
	 */
	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class,
				DataSourceTransactionManagerAutoConfiguration.class, ListenerAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class, JdbcAutoConfiguration.class,
				LogAutoConfiguration.class, ReplyLogAutoConfiguration.class, PresenceAutoConfiguration.class,
				PublishAutoConfiguration.class, CleanupAutoConfiguration.class, ClusterAutoConfiguration.class))
		.withPropertyValues("orders=" + this.orders, "chat=" + this.chat);

	@Test
	void withoutADataSourceTheStartFailsWithARemedy() {
		ApplicationContextRunner without = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class,
					DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class));
		without.run((context) -> {
			FailureAnalysis analysis = StartFailure.analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("Postgres", "no DataSource bean");
			assertThat(analysis.getAction()).contains("spring.datasource.url", "resumable-ws.enabled=false");
		});
		without.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(ChosenDataSource.class));
	}

	@Test
	void twoDataSourcesWithoutAPrimaryAreNamed() {
		this.runner.withUserConfiguration(TwoPools.class).run((context) -> {
			FailureAnalysis analysis = StartFailure.analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("ordersPool", "chatPool", "none of which is primary");
			assertThat(analysis.getAction()).contains("@ResumableWsDataSource", "resumable-ws.enabled=false");
		});
		this.runner.withUserConfiguration(TwoPools.class)
			.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aBeanIsNotChosenByItsName() {
		this.runner.withBean("dataSource", DataSource.class, () -> TestPostgres.pool(this.orders))
			.withBean("otherDataSource", DataSource.class, () -> TestPostgres.pool(this.chat))
			.run((context) -> assertThat(StartFailure.analyze(context.getStartupFailure()).getDescription())
				.contains("dataSource, otherDataSource"));
	}

	@Test
	void twoQualifiedDataSourcesAreRejected() {
		this.runner.withUserConfiguration(BothQualified.class)
			.run((context) -> assertThat(StartFailure.analyze(context.getStartupFailure()))
				.extracting(FailureAnalysis::getDescription, FailureAnalysis::getAction)
				.allSatisfy((text) -> assertThat(text).asString().isNotBlank())
				.first()
				.asString()
				.contains("2 DataSource beans", "@ResumableWsDataSource"));
	}

	@Test
	void theQualifierTakesPrecedenceOverThePrimaryDataSource() {
		this.runner.withUserConfiguration(PrimaryOnOrders.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(tables(this.chat)).contains("ws_sessions");
			assertThat(tables(this.orders)).isEmpty();
			await().until(() -> connections(this.chat, "application_name = 'resumable-ws listener'") == 1);
			UUID session = newSession(context);
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			assertThat(connections(this.orders, "application_name like 'resumable-ws%'")).isZero();
			// each pool of the application has one connection at most
			assertThat(connections(this.chat, "true")).isGreaterThan(2);
			assertThat(connections(this.orders, "true")).isLessThanOrEqualTo(1);
		});
	}

	@Test
	void publishingJoinsTransactionsOnTheQualifiedDataSourceOnly() {
		this.runner.withUserConfiguration(PrimaryOnOrders.class).run((context) -> {
			UUID session = newSession(context);
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			inTransaction(context, "chatTransactions", true,
					() -> sessions.publish(session, "rolled_back", Map.of("n", 1)));
			inTransaction(context, "chatTransactions", false,
					() -> sessions.publish(session, "committed", Map.of("n", 2)));
			inTransaction(context, "ordersTransactions", true, () -> {
				sessions.publish(session, "independent", Map.of("n", 3));
				assertThat(events()).containsExactly("committed", "independent");
			});
			assertThat(events()).containsExactly("committed", "independent");
		});
	}

	@Test
	void handlersRunInATransactionOfTheQualifiedTransactionManager() {
		this.runner.withUserConfiguration(PrimaryOnOrders.class).run((context) -> {
			UUID session = newSession(context);
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			boolean[] bound = new boolean[2];
			context.getBean(IdempotentExecutor.class).run(session, "ann", UUID.randomUUID(), () -> {
				bound[0] = TransactionSynchronizationManager.hasResource(context.getBean("chatPool"));
				bound[1] = TransactionSynchronizationManager.hasResource(context.getBean("ordersPool"));
			});
			assertThat(bound).containsExactly(true, false);
		});
	}

	@Test
	void theUrlOfConnectionDetailsIsUsed() {
		this.runner.withBean(JdbcConnectionDetails.class, () -> new Details(this.chat))
			.withPropertyValues("spring.datasource.type=" + SimpleDriverDataSource.class.getName())
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(DataSource.class)).isNotInstanceOf(HikariDataSource.class);
				assertThat(tables(this.chat)).contains("ws_sessions");
				await().until(() -> connections(this.chat, "application_name = 'resumable-ws listener'") == 1);
			});
	}

	@Test
	void connectionDetailsOfAnotherDataSourceAreNotUsed() {
		this.runner.withUserConfiguration(QualifiedWithoutUrl.class)
			.withBean(JdbcConnectionDetails.class, () -> new Details(this.orders))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(tables(this.chat)).contains("ws_sessions");
				await().until(() -> connections(this.chat, "application_name = 'resumable-ws listener'") == 1);
				context.getBean(ResumableSessions.class).publish(newSession(context), "tick", Map.of("n", 1));
				assertThat(tables(this.orders)).isEmpty();
				assertThat(connections(this.orders, "true")).isZero();
			});
	}

	private static void inTransaction(ApplicationContext context, String manager, boolean rollback, Runnable work) {
		new TransactionTemplate(context.getBean(manager, PlatformTransactionManager.class))
			.executeWithoutResult((status) -> {
				work.run();
				if (rollback) {
					status.setRollbackOnly();
				}
			});
	}

	private static UUID newSession(ApplicationContext context) {
		UUID session = UUID.randomUUID();
		context.getBean(EventLog.class).open(null, session, "ann", 0);
		return session;
	}

	private List<String> events() {
		return new JdbcTemplate(new DriverManagerDataSource(this.chat))
			.queryForList("select type from ws_events order by id", String.class);
	}

	private static List<String> tables(String url) {
		return new JdbcTemplate(new DriverManagerDataSource(url))
			.queryForList("select tablename from pg_tables where schemaname = 'public'", String.class);
	}

	/**
	 * Counts the connections to a database, without the one that counts.
	 */
	private static int connections(String url, String which) {
		Integer count = new JdbcTemplate(new DriverManagerDataSource(url)).queryForObject(
				"select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and "
						+ which,
				Integer.class);
		return (count != null) ? count : -1;
	}

	private static HikariDataSource pool(String url) {
		HikariDataSource pool = new HikariDataSource();
		pool.setJdbcUrl(url);
		pool.setMaximumPoolSize(2);
		pool.setMinimumIdle(1);
		return pool;
	}

	private record Details(String url) implements JdbcConnectionDetails {

		@Override
		public String getUsername() {
			return "postgres";
		}

		@Override
		public String getPassword() {
			return "postgres";
		}

		@Override
		public String getJdbcUrl() {
			return this.url;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoPools {

		@Bean
		HikariDataSource ordersPool(Environment environment) {
			return pool(environment.getRequiredProperty("orders"));
		}

		@Bean
		HikariDataSource chatPool(Environment environment) {
			return pool(environment.getRequiredProperty("chat"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BothQualified {

		@Bean
		@ResumableWsDataSource
		HikariDataSource ordersPool(Environment environment) {
			return pool(environment.getRequiredProperty("orders"));
		}

		@Bean
		@ResumableWsDataSource
		HikariDataSource chatPool(Environment environment) {
			return pool(environment.getRequiredProperty("chat"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryOnOrders {

		@Bean
		@Primary
		HikariDataSource ordersPool(Environment environment) {
			return pool(environment.getRequiredProperty("orders"));
		}

		@Bean
		@ResumableWsDataSource
		HikariDataSource chatPool(Environment environment) {
			return pool(environment.getRequiredProperty("chat"));
		}

		@Bean
		@Primary
		JdbcTransactionManager ordersTransactions(DataSource ordersPool) {
			return new JdbcTransactionManager(ordersPool);
		}

		@Bean
		@ResumableWsDataSource
		JdbcTransactionManager chatTransactions(@ResumableWsDataSource DataSource chatPool) {
			return new JdbcTransactionManager(chatPool);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class QualifiedWithoutUrl {

		@Bean
		@Primary
		DataSource ordersPool(Environment environment) {
			return new DriverManagerDataSource(environment.getRequiredProperty("orders"));
		}

		@Bean
		@ResumableWsDataSource
		DataSource chatPool(Environment environment) {
			return new DriverManagerDataSource(environment.getRequiredProperty("chat"));
		}

	}

}
