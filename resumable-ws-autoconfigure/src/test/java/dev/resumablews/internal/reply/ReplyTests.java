package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.BudgetAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests how a reply handles the behaviour of its generator.
 */
class ReplyTests {

	private static final ReplyPart STOP = new ReplyPart("", "stop", Map.of());

	private static String url;

	private final List<String> outcomes = new CopyOnWriteArrayList<>();

	private final List<String> properties = new ArrayList<>();

	private TestLog log;

	private UUID session;

	private UserMessages messages;

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@BeforeEach
	void openSession() {
		this.log = new TestLog(url);
		this.log.sql().sql("truncate ws_replies").update();
		this.session = this.log.newSession("ada");
	}

	@AfterEach
	void close() {
		this.log.close();
	}

	@Test
	void anErrorAfterTheFinishReasonChangesNothing() {
		run((request) -> Flux.concat(Flux.just(ReplyPart.text("Hello"), STOP),
				Flux.error(new IllegalStateException("broken"))), (replies) -> {
					JsonNode message = awaitEvent("assistant_message");
					assertThat(message.path("content").asString()).isEqualTo("Hello");
					assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
					await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("completed"));
				});
	}

	@Test
	void aGeneratorThatStaysOpenAfterTheFinishReasonIsCompleteAndCancelled() {
		CountDownLatch cancelled = new CountDownLatch(1);
		run((request) -> Flux.just(ReplyPart.text("Hello"), STOP)
			.concatWith(Flux.never())
			.doOnCancel(cancelled::countDown), (replies) -> {
				assertThat(awaitEvent("assistant_message").path("finish_reason").asString()).isEqualTo("stop");
				await().until(() -> cancelled.getCount() == 0);
			});
	}

	@Test
	void aGeneratorWithoutAnAnswerFailsTheReply() {
		run((request) -> Flux.just(new ReplyPart("", null, Map.of("total_tokens", 7L))),
				(replies) -> assertThat(awaitEvent("assistant_failed").path("code").asString())
					.isEqualTo("provider_error"));
	}

	@Test
	void anEmptyAnswerWithAFinishReasonIsComplete() {
		run((request) -> Flux.just(STOP),
				(replies) -> assertThat(awaitEvent("assistant_message").path("content").asString()).isEmpty());
	}

	@Test
	void anEmptyPartIsASignOfLife() {
		this.properties
			.addAll(List.of("resumable-ws.reply.idle-timeout=1s", "resumable-ws.reply.first-part-timeout=1s"));
		run((request) -> Flux.interval(Duration.ofMillis(200))
			.map((i) -> ReplyPart.text((i % 10 == 9) ? "x" : ""))
			.take(20),
				(replies) -> assertThat(awaitEvent("assistant_message").path("content").asString()).isEqualTo("xx"));
	}

	@Test
	void anErrorInARequestForMoreFailsTheReply() {
		AtomicInteger requests = new AtomicInteger();
		String text = "x".repeat(ReplyState.MAX_WAITING / 32);
		run((request) -> (subscriber) -> subscriber.onSubscribe(new Subscription() {

			@Override
			public void request(long count) {
				if (requests.incrementAndGet() > 1) {
					throw new AssertionError("an Error, not an Exception");
				}
				for (long i = 0; i < count; i++) {
					subscriber.onNext(ReplyPart.text(text));
				}
			}

			@Override
			public void cancel() {
			}

		}), (replies) -> assertThat(awaitEvent("assistant_failed").path("code").asString())
			.isEqualTo("provider_error"));
	}

	@Test
	void aGeneratorIsCancelledOnASeparateThread() {
		this.properties.addAll(List.of("resumable-ws.reply.max-duration=3s", "resumable-ws.reply.lease=1s"));
		List<String> threads = new CopyOnWriteArrayList<>();
		Sinks.Many<ReplyPart> model = Sinks.many().multicast().directBestEffort();
		run((request) -> model.asFlux().doOnCancel(() -> threads.add(Thread.currentThread().getName())), (replies) -> {
			await().until(() -> model.currentSubscriberCount() == 1);
			assertThat(replies.cancel(this.session, "ada", null)).isTrue();
			await().until(() -> threads.size() == 1);
			submit();
			await().until(() -> threads.size() == 2);
			submit();
			await().until(() -> model.currentSubscriberCount() == 1);
			this.log.sql()
				.sql("update ws_sessions set closed_at = now() where session_id = ?")
				.param(this.session)
				.update();
			model.tryEmitNext(ReplyPart.text("Hello"));
			await().until(() -> threads.size() == 3);
			assertThat(threads).allMatch((name) -> name.matches("resumable-ws-reply-[a-z]+-\\d+"));
		});
	}

	@Test
	void aBlockingCancellationDelaysNoOtherReply() {
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch blocked = new CountDownLatch(1);
		run((request) -> request.inReplyTo() > 1 ? Flux.just(ReplyPart.text("second"))
				: Flux.<ReplyPart>never().doOnCancel(() -> {
					blocked.countDown();
					awaitLatch(release);
				}), (replies) -> {
					await().until(() -> types().contains("assistant_started"));
					assertThat(replies.cancel(this.session, "ada", null)).isTrue();
					awaitLatch(blocked);
					submit();
					await().until(() -> types().stream().filter("assistant_message"::equals).count() == 2);
					release.countDown();
				});
	}

	@Test
	void aReplyWhoseEventsCannotBeStoredIsAbandoned() {
		this.log.sql().sql("""
				create or replace function refuse_delta() returns trigger language plpgsql as $$
				begin
					raise exception 'refused' using errcode = '22000';
				end $$""").update();
		this.log.sql().sql("""
				create trigger refuse_delta before insert on ws_events for each row
				when (new.type = 'assistant_delta') execute function refuse_delta()""").update();
		CountDownLatch cancelled = new CountDownLatch(1);
		try {
			run((request) -> Flux.just(ReplyPart.text("Hello"))
				.concatWith(Flux.never())
				.doOnCancel(cancelled::countDown), (replies) -> {
					awaitLatch(cancelled);
					await().until(() -> this.outcomes.contains("abandoned"));
				});
		}
		finally {
			this.log.sql().sql("drop trigger refuse_delta on ws_events").update();
		}
	}

	private void run(ReplyGenerator generator, Consumer<Replies> test) {
		ResumableWsListener listener = new ResumableWsListener() {

			@Override
			public void onReplyEnded(String outcome, Duration duration) {
				ReplyTests.this.outcomes.add(outcome);
			}

		};
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(BudgetAutoConfiguration.class, ListenerAutoConfiguration.class,
					ReplyAutoConfiguration.class))
			.withBean(EventLog.class, this.log::log,
					(definition) -> ((AbstractBeanDefinition) definition).setDestroyMethodName(""))
			.withBean(JdbcExecutor.class, this.log::database)
			.withBean(NodeId.class, this.log::node)
			.withBean(ReplyGenerator.class, () -> generator)
			.withBean(ResumableWsListener.class, () -> listener)
			.withPropertyValues(this.properties.toArray(String[]::new))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				Replies replies = context.getBean(Replies.class);
				this.messages = context.getBean(UserMessages.class);
				submit();
				test.accept(replies);
			});
	}

	private void submit() {
		this.messages.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
	}

	private JsonNode awaitEvent(String type) {
		await().atMost(20, TimeUnit.SECONDS).until(() -> types().contains(type));
		return events().stream()
			.filter((event) -> event.type().equals(type))
			.map((event) -> JsonMapper.shared().readTree(event.payload()))
			.findFirst()
			.orElseThrow();
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private List<String> types() {
		return events().stream().map(SessionEvent::type).toList();
	}

	private List<SessionEvent> events() {
		return this.log.log().read(this.session, 0, 1000);
	}

}
