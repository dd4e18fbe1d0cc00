package dev.resumablews.internal.observation;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.observation.AppendObservationContext;
import dev.resumablews.observation.AppendObservationContext.Source;
import dev.resumablews.observation.DefaultAppendObservationConvention;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import io.micrometer.common.KeyValues;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the observations of messages, replies and appends, as timers of an application
 * with the actuator.
 */
class ObservationTests {

	private static TestServer server;

	@BeforeAll
	static void start() {
		server = TestServer.builder().with(Application.class).start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void messagesAreTimedByTypeAndOutcome() {
		try (ResumableWsTestClient client = connect()) {
			client.sendOnce("{\"type\":\"vote\",\"payload\":{}}");
			awaitMessages("vote", "ok", 1);
			String key = UUID.randomUUID().toString();
			client.sendOnce("{\"type\":\"vote\",\"payload\":{},\"idempotency_key\":\"" + key + "\"}");
			client.sendOnce("{\"type\":\"vote\",\"payload\":{},\"idempotency_key\":\"" + key + "\"}");
			awaitMessages("vote", "duplicate", 1);
			client.sendOnce("{\"type\":\"vote\",\"payload\":{\"for\":\"nothing\"}}");
			awaitMessages("vote", "invalid", 1);
			awaitMessages("vote", "ok", 2);
		}
	}

	@Test
	void clientsCannotCreateTags() {
		try (ResumableWsTestClient client = connect()) {
			client.sendOnce("{\"type\":\"made up\",\"payload\":{}}");
			client.sendOnce("{\"type\":\"made up too\",\"payload\":{}}");
			awaitMessages("unknown", "unknown_type", 2);
		}
		assertThat(server.bean(MeterRegistry.class).find("resumable.ws.message").timers())
			.extracting((timer) -> timer.getId().getTag("type"))
			.doesNotContain("made up", "made up too");
	}

	@Test
	void aReplyIsTimedAndItsObservationIsPropagatedToTheThreadsOfTheGenerator() {
		try (ResumableWsTestClient client = connect()) {
			client.sendOnce(
					"{\"type\":\"user_message\",\"content\":\"Hi\",\"idempotency_key\":\"" + UUID.randomUUID() + "\"}");
			String content = client.awaitEvent("assistant_message").payload().path("content").asString();
			assertThat(content).isEqualTo("resumable.ws.reply in a call, resumable.ws.reply in Reactor");
		}
		await().until(() -> count("resumable.ws.reply", "outcome", "completed") == 1);
		assertThat(count("resumable.ws.append", "source", "client", "outcome", "stored")).isPositive();
		assertThat(count("resumable.ws.append", "source", "reply", "outcome", "stored"))
			.as("the first and the last event, without deltas")
			.isEqualTo(2);
	}

	@Test
	void aConventionOfTheApplicationIsUsed() {
		UUID session;
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.connect()) {
			session = client.sessionId();
			client.await("replay_complete");
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			client.await("tick");
		}
		await().until(() -> count("resumable.ws.append", "source", "application", "team", "chat") == 1);
		Timer timer = server.bean(MeterRegistry.class)
			.get("resumable.ws.append")
			.tags("source", "application", "team", "chat")
			.timer();
		assertThat(timer.totalTime(TimeUnit.NANOSECONDS)).isPositive();
	}

	@Test
	void withoutATracerNoTraceIsStored() {
		try (ResumableWsTestClient client = connect()) {
			client.sendOnce("{\"type\":\"user_message\",\"content\":\"wait\",\"idempotency_key\":\"" + UUID.randomUUID()
					+ "\"}");
			client.await("assistant_started");
			List<Boolean> stored = server.bean(JdbcClient.class)
				.sql("select trace is not null from ws_replies")
				.query(Boolean.class)
				.list();
			assertThat(stored).containsOnly(false);
			client.sendOnce("{\"type\":\"cancel\"}");
			client.await("assistant_message");
		}
		await().until(() -> count("resumable.ws.reply", "outcome", "cancelled") == 1);
		awaitMessages("cancel", "ok", 1);
	}

	@Test
	void withoutHandlersNoObservationIsCreated() {
		UUID id = UUID.randomUUID();
		Observations idle = new Observations(ObservationRegistry.create(), null, null, null);
		for (Observations observations : List.of(Observations.NONE, idle)) {
			assertThat(observations.append(Source.APPLICATION, id, "tick")).isSameAs(Observation.NOOP);
			assertThat(observations.reply(null, id, id, 1, 1)).isSameAs(Observation.NOOP);
			assertThat(observations.startMessage("vote", id, id)).isSameAs(Observation.NOOP);
			assertThat(observations.currentTrace()).isNull();
		}
	}

	private static ResumableWsTestClient connect() {
		ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user(UUID.randomUUID().toString())
			.connect();
		client.await("replay_complete");
		return client;
	}

	private static void awaitMessages(String type, String outcome, long count) {
		await().until(() -> count("resumable.ws.message", "type", type, "outcome", outcome) == count);
	}

	private static long count(String name, String... tags) {
		return server.bean(MeterRegistry.class).find(name).tags(tags).timers().stream().mapToLong(Timer::count).sum();
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ClientMessageHandler votes() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "vote";
				}

				@Override
				public void handle(ClientMessage message) {
					if (message.payload().has("for")) {
						throw new MessageRejectedException("There is no such choice");
					}
				}

			};
		}

		@Bean
		ReplyGenerator parrot(ObservationRegistry registry) {
			return (request) -> {
				if (request.conversation().get(0).content().equals("wait")) {
					return Flux.never();
				}
				Observation current = registry.getCurrentObservation();
				String here = (current != null) ? current.getContextView().getName() : "nothing";
				return Flux.deferContextual((context) -> {
					Observation observation = context.get(ObservationThreadLocalAccessor.KEY);
					return Flux
						.just(ReplyPart.text(here + " in a call, "),
								ReplyPart.text(observation.getContextView().getName() + " in Reactor"))
						.publishOn(Schedulers.parallel());
				});
			};
		}

		@Bean
		DefaultAppendObservationConvention appends() {
			return new DefaultAppendObservationConvention() {

				@Override
				public KeyValues getLowCardinalityKeyValues(AppendObservationContext context) {
					return super.getLowCardinalityKeyValues(context).and("team", "chat");
				}

			};
		}

	}

}
