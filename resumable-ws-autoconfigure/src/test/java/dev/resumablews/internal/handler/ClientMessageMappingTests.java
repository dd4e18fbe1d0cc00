package dev.resumablews.internal.handler;

import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.NotBlank;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.Ordered;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronizationManager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

@ExtendWith(OutputCaptureExtension.class)
class ClientMessageMappingTests {

	private static TestServer server;

	private static JdbcClient jdbc;

	@BeforeAll
	static void start() {
		server = TestServer.builder().with(Handlers.class).start();
		jdbc = server.bean(JdbcClient.class);
		jdbc.sql("create table if not exists votes (choice text not null)").update();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void aMethodReceivesTheTypedPayloadTheSessionAndTheUser() {
		try (ResumableWsTestClient client = connect("alice")) {
			UUID session = client.sessionId();
			client.sendOnce(vote("tea", key()));
			JsonNode event = client.await("voted").json().path("payload");
			assertThat(event.path("option").asString()).isEqualTo("tea");
			assertThat(event.path("by").asString()).isEqualTo("alice");
			assertThat(event.path("principal").asString()).isEqualTo("alice");
			assertThat(event.path("session").asString()).isEqualTo(session.toString());
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isFalse();
		}
	}

	@Test
	void aMethodOfATransactionalProxyIsCalledOnceForAKey() {
		try (ResumableWsTestClient client = connect("bob")) {
			client.await("session_init");
			String key = key();
			client.sendOnce(vote("coffee", key));
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isFalse();
			client.sendOnce(vote("coffee", key));
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isTrue();
			assertThat(votes("coffee")).isOne();
		}
	}

	@Test
	void aMethodThatThrowsIsRolledBack() {
		try (ResumableWsTestClient client = connect("carol")) {
			client.await("session_init");
			client.sendOnce(vote("throws", key()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("failed");
			assertThat(votes("throws")).isZero();
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					{"option": " ", "weight": 1} | payload.option: must not be blank
					{"weight": 1} | payload.option: must not be blank
					{"option": "tea", "weight": 11} | payload.weight: must be less than or equal to 10
					{"option": "tea", "weight": "heavy"} | payload.weight: not one of the allowed values
					{"option": "tea", "weight": 1, "size": "HUGE"} | payload.size: not one of the allowed values
					{"option": "tea"} | payload.weight: missing or not of the expected type
					{"option": {}, "weight": 1} | payload.option: missing or not of the expected type
					{"option": "tea", "weight": 1, "extras": [{"name": "milk"}, {"name": ""}]} | payload.extras[1].name: must not be blank
					{"option": "tea", "weight": 1, "extras": [{"name": []}]} | payload.extras[0].name: missing or not of the expected type
					[] | payload: missing or not of the expected type
					null | payload: Payload value must not be empty
					""")
	void anInvalidPayloadIsRejectedWithTheNameOfTheField(String payload, String message, CapturedOutput output) {
		try (ResumableWsTestClient client = connect("dave")) {
			client.await("session_init");
			client.sendOnce("{\"type\":\"vote\",\"payload\":%s,\"idempotency_key\":\"%s\"}".formatted(payload, key()));
			JsonNode error = client.await("error").json();
			assertThat(error.path("message").asString()).isEqualTo(message);
			assertThat(error.path("code").asString()).isEqualTo("invalid");
			assertThat(output).doesNotContain("Exception");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "parsed", "validated" })
	void otherHandlersRejectInvalidPayloadsToo(String type, CapturedOutput output) {
		try (ResumableWsTestClient client = connect("erin")) {
			client.await("session_init");
			client.sendOnce(Map.of("type", type, "payload", Map.of("option", List.of())));
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString()).isEqualTo("invalid");
			assertThat(error.path("message").asString()).startsWith("payload.option: ").doesNotContain("resumablews");
			assertThat(output).doesNotContain("Exception");
		}
	}

	@Test
	void anExceptionOfTheApplicationIsLoggedOnceAndItsMessageIsNotSent(CapturedOutput output) {
		try (ResumableWsTestClient client = connect("frank")) {
			client.await("session_init");
			for (int i = 0; i < 10; i++) {
				client.sendOnce(Map.of("type", "argument"));
				JsonNode error = client.await("error").json();
				assertThat(error.path("code").asString()).isEqualTo("failed");
				assertThat(error.toString()).doesNotContain("SECRET");
			}
			assertThat(output.toString().split("IllegalArgumentException: Invalid UUID string: SECRET", -1)).hasSize(2);
			assertThat(output).contains("ClientMessageMappingTests");
		}
	}

	@Test
	void aMethodCanRequireAnIdempotencyKey() {
		try (ResumableWsTestClient client = connect("grace")) {
			client.await("session_init");
			client.sendOnce(Map.of("type", "keyed"));
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString()).isEqualTo("invalid");
			assertThat(error.path("message").asString()).contains("idempotency_key").doesNotContain("header");
			String key = key();
			client.sendOnce(Map.of("type", "keyed", "idempotency_key", key));
			assertThat(client.await("key").json().path("payload").path("key").asString()).isEqualTo(key);
		}
	}

	@Test
	void ephemeralMessagesAreMappedToo() {
		try (ResumableWsTestClient sender = connect("heidi")) {
			UUID session = sender.sessionId();
			sender.await("replay_complete");
			try (ResumableWsTestClient other = ResumableWsTestClient.builder(server.uri())
				.tokens(Tokens.ISSUER)
				.user("heidi")
				.session(session)
				.connect()) {
				other.await("replay_complete");
				sender.sendOnce(
						Map.of("type", "typing", "ephemeral", true, "payload", Map.of("option", "tea", "weight", 1)));
				assertThat(other.await("typing").json().path("payload").path("by").asString()).isEqualTo("heidi");
				sender.sendOnce(
						Map.of("type", "typing", "ephemeral", true, "payload", Map.of("option", "", "weight", 1)));
				assertThat(sender.await(ServerFrame.Error.class).message())
					.isEqualTo("payload.option: must not be blank");
			}
		}
	}

	@Test
	void aLazyBeanIsCreatedByItsFirstMessage() {
		try (ResumableWsTestClient client = connect("ivan")) {
			client.await("session_init");
			assertThat(LazyHandler.created).hasValue(0);
			for (int i = 0; i < 2; i++) {
				client.sendOnce(Map.of("type", "lazy", "idempotency_key", key()));
				client.await("ack");
			}
			assertThat(LazyHandler.created).hasValue(1);
		}
	}

	@Test
	void interceptorsRunAroundEveryCallInOrder() {
		try (ResumableWsTestClient client = connect("judy")) {
			client.await("session_init");
			client.sendOnce(Map.of("type", "intercepted"));
			assertThat(client.await("trail").json().path("payload").path("trail").asString()).isEqualTo("outer inner");
		}
	}

	@Test
	void twoMethodsOfOneTypeAreNamed() {
		FailureAnalysis failure = failure(Duplicates.class);
		assertThat(failure.getDescription()).contains("'vote'", "Duplicates$First.one()", "Duplicates$Second.two()");
		assertThat(failure.getAction()).isEqualTo("Remove one of them.");
	}

	@ParameterizedTest
	@ValueSource(classes = { OwnType.class, OwnEphemeralType.class })
	void aProtocolTypeIsRejected(Class<?> configuration) {
		assertThat(failure(configuration).getDescription()).contains("the protocol's own", ".handle()");
	}

	@Test
	void aMethodWithAReturnValueIsRejected() {
		FailureAnalysis failure = failure(Returning.class);
		assertThat(failure.getDescription()).contains("Returning.handle()", "returns String");
		assertThat(failure.getAction()).contains("ResumableSession.publish");
	}

	private static FailureAnalysis failure(Class<?> configuration) {
		return StartFailure.analyze(catchThrowable(() -> TestServer.builder().with(configuration).start().close()));
	}

	private static String key() {
		return UUID.randomUUID().toString();
	}

	private static Map<String, ?> vote(String option, String key) {
		return Map.of("type", "vote", "payload", Map.of("option", option, "weight", 1), "idempotency_key", key);
	}

	private static int votes(String option) {
		return jdbc.sql("select count(*) from votes where choice = ?").param(option).query(Integer.class).single();
	}

	private static ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user).connect();
	}

	enum Size {

		SMALL, LARGE

	}

	record Extra(@NotBlank String name) {

	}

	record Vote(@NotBlank String option, @Max(10) int weight, Size size, List<@Valid Extra> extras) {

	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement(proxyTargetClass = true)
	static class Handlers {

		@Bean
		Votes votes(JdbcClient jdbc) {
			return new Votes(jdbc);
		}

		@Bean
		Others others() {
			return new Others();
		}

		@Bean
		@Lazy
		LazyHandler lazyHandler() {
			return new LazyHandler();
		}

		@Bean
		ClientMessageHandler parsed(JsonMapper json) {
			return handler("parsed", (message) -> json.treeToValue(message.payload(), Vote.class));
		}

		@Bean
		ClientMessageHandler validated(jakarta.validation.Validator validator) {
			return handler("validated", (message) -> {
				throw new jakarta.validation.ConstraintViolationException(
						validator.validate(new Vote(" ", 1, null, null)));
			});
		}

		@Bean
		Trail innerInterceptor() {
			return new Trail("inner", 2);
		}

		@Bean
		Trail outerInterceptor() {
			return new Trail("outer", 1);
		}

		private static ClientMessageHandler handler(String type, java.util.function.Consumer<ClientMessage> action) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return type;
				}

				@Override
				public void handle(ClientMessage message) throws JacksonException {
					action.accept(message);
				}

			};
		}

	}

	static class Votes {

		private final JdbcClient jdbc;

		Votes(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("vote")
		@Transactional
		public void vote(@Valid Vote vote, ResumableSession session, AuthenticatedUser user, Principal principal) {
			assertThat(TransactionSynchronizationManager.isActualTransactionActive()).isTrue();
			this.jdbc.sql("insert into votes values (?)").param(vote.option()).update();
			if (vote.option().equals("throws")) {
				throw new IllegalStateException();
			}
			session.publish("voted", Map.of("option", vote.option(), "by", user.userId(), "principal",
					principal.getName(), "session", session.id()));
		}

	}

	static class Others {

		@ClientMessageMapping("argument")
		void argument() {
			UUID.fromString("SECRET");
		}

		@ClientMessageMapping("keyed")
		void keyed(@Header("idempotencyKey") UUID key, ResumableSession session) {
			session.publish("key", Map.of("key", key));
		}

		@ClientMessageMapping(value = "typing", ephemeral = true)
		void typing(@Valid Vote vote, ClientMessage message, ResumableSession session) {
			session.sendEphemeralToOthers(Map.of("by", message.userId()));
		}

		@ClientMessageMapping("intercepted")
		void intercepted(@Payload(required = false) Vote vote, ResumableSession session) {
			session.publish("trail", Map.of("trail", Objects.requireNonNull(Trail.TRAIL.get())));
		}

	}

	static class LazyHandler {

		private static final AtomicInteger created = new AtomicInteger();

		LazyHandler() {
			created.incrementAndGet();
		}

		@ClientMessageMapping("lazy")
		void handle() {
		}

	}

	record Trail(String name, int order) implements HandlerInterceptor, Ordered {

		private static final ThreadLocal<String> TRAIL = new ThreadLocal<>();

		@Override
		public int getOrder() {
			return this.order;
		}

		@Override
		public void intercept(ClientMessage message, Runnable call) {
			String before = TRAIL.get();
			TRAIL.set((before != null) ? before + " " + this.name : this.name);
			try {
				call.run();
			}
			finally {
				TRAIL.remove();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Duplicates {

		@Bean
		First first() {
			return new First();
		}

		@Bean
		Second second() {
			return new Second();
		}

		static class First {

			@ClientMessageMapping("vote")
			void one() {
			}

		}

		static class Second {

			@ClientMessageMapping("vote")
			void two() {
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnType {

		@ClientMessageMapping("resume")
		void handle() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnEphemeralType {

		@ClientMessageMapping(value = "user_message", ephemeral = true)
		void handle() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Returning {

		@ClientMessageMapping("question")
		String handle() {
			return "answer";
		}

	}

}
