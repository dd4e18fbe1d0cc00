package dev.resumablews.internal.connection;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.admission.AdmissionAutoConfiguration;
import dev.resumablews.internal.admission.ConnectionLifecycle;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.internal.budget.BudgetAutoConfiguration;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.dispatch.DispatchAutoConfiguration;
import dev.resumablews.internal.handler.HandlerAutoConfiguration;
import dev.resumablews.internal.handshake.HandshakeAutoConfiguration;
import dev.resumablews.internal.http.HttpAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import dev.resumablews.internal.publish.PublishAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.ReplyAutoConfiguration;
import dev.resumablews.internal.reply.ReplyLogAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.internal.websocket.WebSocketAutoConfiguration;
import dev.resumablews.internal.workers.Workers;
import dev.resumablews.testing.Tokens;
import liquibase.integration.spring.SpringLiquibase;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.ObjectMapper;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskExecutor;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.web.filter.CorsFilter;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

class ConnectionAutoConfigurationTests {

	private static final AutoConfigurations CONFIGURATIONS = AutoConfigurations.of(BudgetAutoConfiguration.class,
			ListenerAutoConfiguration.class, ConnectionAutoConfiguration.class, AdmissionAutoConfiguration.class,
			DispatchAutoConfiguration.class, HttpAutoConfiguration.class, WebSocketAutoConfiguration.class,
			DataSourceAutoConfiguration.class, DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class,
			JdbcAutoConfiguration.class, LogAutoConfiguration.class, ReplyLogAutoConfiguration.class,
			PresenceAutoConfiguration.class, PublishAutoConfiguration.class, ReplyAutoConfiguration.class,
			HandlerAutoConfiguration.class, HandshakeAutoConfiguration.class);

	private static String url;

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(CONFIGURATIONS)
		.withPropertyValues("spring.datasource.url=" + url, "resumable-ws.schema.migrate=false",
				"resumable-ws.auth.jwt.secret=" + Tokens.SECRET);

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@Test
	void theEndpointIsMappedBeforeControllers() {
		this.runner.run((context) -> {
			WebSocketHandlerMapping mapping = context.getBean(WebSocketHandlerMapping.class);
			assertThat(mapping.getUrlMap()).containsOnlyKeys("/ws", "/ws/sse", "/ws/messages");
			assertThat(mapping.getOrder()).isNegative();
			// Spring Security's filters find the endpoint by this name
			assertThat(context).getBean("resumableWsHandlerMapping").isSameAs(mapping);
		});
	}

	@Test
	void customPath() {
		this.runner.withPropertyValues("resumable-ws.path=/live/socket")
			.run((context) -> assertThat(context.getBean(WebSocketHandlerMapping.class).getUrlMap())
				.containsOnlyKeys("/live/socket", "/live/socket/sse", "/live/socket/messages"));
	}

	@Test
	void theHttpEndpointsCanBeDisabled() {
		this.runner.withPropertyValues("resumable-ws.http.enabled=false")
			.run((context) -> assertThat(context.getBean(WebSocketHandlerMapping.class).getUrlMap())
				.containsOnlyKeys("/ws"));
	}

	@ParameterizedTest
	@CsvSource({ "connection.heartbeat-interval=7s, heartbeatInterval, PT7S",
			"connection.heartbeat-timeout=70s, heartbeatTimeout, PT1M10S",
			"connection.send-timeout=7s, sendTimeout, PT7S", "connection.max-lifetime=7h, maxLifetime, PT7H",
			"connection.max-lifetime-jitter=0.7, maxLifetimeJitter, 0.7",
			"connection.max-message-size=7KB, maxMessageBytes, 7168",
			"connection.max-malformed-messages=7, maxMalformedMessages, 7",
			"connection.max-per-session=7, maxPerSession, 7", "connection.max-per-user=7, maxPerUser, 7",
			"connection.max-total=7, maxTotal, 7", "connection.max-opening=7, maxOpening, 7",
			"connection.max-send-size=7KB, maxSendCharacters, 7168", "log.page-size=7, pageSize, 7",
			"shutdown.reconnect-window=7s, reconnectWindow, PT7S" })
	void propertiesAreAppliedToConnections(String property, String setting, String value) {
		this.runner.withPropertyValues("resumable-ws." + property)
			.run((context) -> assertThat(context.getBean(Connections.class)).extracting("settings")
				.extracting(setting)
				.hasToString(value));
	}

	@ParameterizedTest
	@CsvSource({ "shutdown.timeout=70s, timeout, PT1M10S", "shutdown.reply-grace=7s, replyGrace, PT7S" })
	void propertiesAreAppliedToTheDrain(String property, String setting, String value) {
		this.runner.withPropertyValues("resumable-ws." + property)
			.run((context) -> assertThat(context.getBean(ConnectionLifecycle.class)).extracting("drain")
				.extracting(setting)
				.hasToString(value));
	}

	@Test
	void customNumberOfReaders() {
		this.runner.withPropertyValues("resumable-ws.log.readers=7")
			.run((context) -> assertThat(context.getBean(Workers.class).reading()).extracting("concurrent")
				.isEqualTo(7));
	}

	@Test
	void platformThreadsAreTheDefault() {
		this.runner.run((context) -> assertThat(context.getBean(Workers.class).delivery())
			.isNotInstanceOf(SimpleAsyncTaskExecutor.class));
	}

	@Test
	void virtualThreadsAreUsedIfTheApplicationUsesThem() {
		Assumptions.assumeTrue(Runtime.version().feature() >= 21, "virtual threads need Java 21");
		this.runner.withPropertyValues("spring.threads.virtual.enabled=true")
			.run((context) -> assertThat(context.getBean(Workers.class).delivery())
				.isInstanceOf(SimpleAsyncTaskExecutor.class));
	}

	@Test
	void everyThreadIsStoppedWithTheContext() {
		List<Thread> before = threads();
		this.runner.run((context) -> assertThat(threads()).size().isGreaterThan(before.size()));
		org.awaitility.Awaitility.await().untilAsserted(() -> assertThat(before).containsAll(threads()));
	}

	@Test
	void noBeansThatChangeTheApplicationAreAdded() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			for (Class<?> type : List.of(TaskScheduler.class, TaskExecutor.class, Executor.class, ObjectMapper.class,
					JwtDecoder.class, SecurityFilterChain.class, SpringLiquibase.class,
					PlatformTransactionManager.class, CorsFilter.class, WebSocketHandler.class)) {
				assertThat(context.getBeanNamesForType(type)).as(type.getName()).isEmpty();
			}
			assertThat(beansOfLibrary(context)).allMatch((name) -> name.startsWith("resumable"));
		});
	}

	@Test
	void theApplicationsAuthenticatorIsUsed() {
		this.runner.withPropertyValues("resumable-ws.auth.jwt.secret=")
			.withBean(HandshakeAuthenticator.class, () -> (request) -> new AuthenticatedUser("alice", null))
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(HandshakeAuthenticator.class)
				.hasSingleBean(WebSocketHandlerMapping.class));
	}

	@Test
	void twoHandlersOfOneTypeAreNamed() {
		this.runner.withBean("one", ClientMessageHandler.class, One::new)
			.withBean("two", ClientMessageHandler.class, Two::new)
			.run((context) -> assertThat(context).getFailure()
				.hasMessageContaining("'order'")
				.hasMessageContaining(One.class.getName())
				.hasMessageContaining(Two.class.getName()));
	}

	@Test
	void theConnectionsCanBeDisabled() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(WebSocketHandlerMapping.class)
				.doesNotHaveBean(HandshakeInterceptor.class)
				.doesNotHaveBean(Workers.class));
	}

	@Test
	void eventsCanBePublishedWithoutAWebServer() {
		new ApplicationContextRunner().withConfiguration(CONFIGURATIONS)
			.withPropertyValues("spring.datasource.url=" + url, "resumable-ws.schema.migrate=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.hasSingleBean(EventLog.class)
				.doesNotHaveBean(WebSocketHandlerMapping.class));
	}

	@ParameterizedTest
	@ValueSource(strings = { "org.springframework.web.socket", "org.springframework.ai" })
	void optionalLibrariesCanBeMissing(String missing) {
		this.runner.withClassLoader(new FilteredClassLoader(missing))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(EventLog.class));
	}

	private static List<String> beansOfLibrary(ApplicationContext context) {
		List<String> names = new ArrayList<>();
		for (String name : context.getBeanDefinitionNames()) {
			Class<?> type = context.getType(name);
			// configuration classes are named after their class
			if (type != null && type.getName().startsWith("dev.resumablews.") && !name.startsWith("dev.")) {
				names.add(name);
			}
		}
		return names;
	}

	private static List<Thread> threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("resumable-ws-"))
			.toList();
	}

	private static class One implements ClientMessageHandler {

		@Override
		public String type() {
			return "order";
		}

		@Override
		public void handle(ClientMessage message) {
		}

	}

	private static final class Two extends One {

	}

}
