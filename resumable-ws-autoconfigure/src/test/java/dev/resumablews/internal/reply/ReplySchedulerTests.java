package dev.resumablews.internal.reply;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import dev.resumablews.ConversationMessage;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.BudgetSettings;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.testing.NotUnderFaults;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

class ReplySchedulerTests {

	private static final Duration LONG = Duration.ofMinutes(1);

	private static final String SMILE = "\uD83D\uDE00";

	private static String url;

	private final List<String> outcomes = new CopyOnWriteArrayList<>();

	private final Sinks.Many<ReplyPart> model = Sinks.many().unicast().onBackpressureBuffer();

	private final AtomicBoolean modelCancelled = new AtomicBoolean();

	/**
	 * The number of connections that the library has taken from the pool.
	 */
	private final AtomicLong statements = new AtomicLong();

	private TestLog log;

	private UUID session;

	private @Nullable ReplyScheduler replies;

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@BeforeEach
	void openSession() {
		this.log = new TestLog(url, TestLog.settings(), (target) -> new DelegatingDataSource(target) {

			@Override
			public Connection getConnection() throws SQLException {
				ReplySchedulerTests.this.statements.incrementAndGet();
				return super.getConnection();
			}

		});
		this.log.sql().sql("truncate ws_replies").update();
		this.session = this.log.newSession("ada");
	}

	@AfterEach
	void close() {
		if (this.replies != null) {
			this.replies.stop();
		}
		this.log.close();
	}

	@Test
	void aMessageIsAnsweredAndTheCompleteReplyReplacesItsDeltas() {
		start(streaming());
		UUID key = UUID.randomUUID();
		long asked = submit("Hi", key).eventId();
		say("Hel");
		awaitText("Hel");
		say("lo \"you\"\n");
		awaitText("Hello \"you\"\n");
		this.model.tryEmitNext(new ReplyPart("", "stop", Map.of()));
		this.model.tryEmitNext(new ReplyPart("", null, Map.of("total_tokens", 7L, "completion_tokens", 3L)));
		this.model.tryEmitComplete();
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_message");
		JsonNode question = payload(events().get(0));
		assertThat(question.path("content").asString()).isEqualTo("Hi");
		assertThat(question.path("idempotency_key").asString()).isEqualTo(key.toString());
		JsonNode started = payload(events().get(1));
		assertThat(started.path("in_reply_to").asLong()).isEqualTo(asked);
		JsonNode message = payload(last());
		assertThat(message.path("message_id")).isEqualTo(started.path("message_id"));
		assertThat(message.path("content").asString()).isEqualTo("Hello \"you\"\n");
		assertThat(message.path("finish_reason").asString()).isEqualTo("stop");
		assertThat(message.path("usage")).hasToString("{\"completion_tokens\":3,\"total_tokens\":7}");
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("completed"));
	}

	@Test
	void aReplyWithoutUsageHasNone() {
		start((request) -> Flux.just(ReplyPart.text("Yes")));
		submit("Hi");
		awaitEnd("assistant_message");
		assertThat(payload(last()).has("usage")).isFalse();
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("stop");
	}

	@Test
	void aRepeatedMessageIsAnsweredOnce() {
		start((request) -> Flux.just(ReplyPart.text("Yes")));
		UUID key = UUID.randomUUID();
		AppendResult first = submit("Hi", key);
		AppendResult second = submit("Hi", key);
		assertThat(second.duplicate()).isTrue();
		assertThat(second.eventId()).isEqualTo(first.eventId());
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_message");
	}

	@Test
	void withoutAGeneratorMessagesAreOnlyStored() {
		start(null);
		submit("one");
		submit("two");
		assertThat(types()).containsExactly("user_message", "user_message");
	}

	@Test
	void aMessageToASessionOfAnotherUserIsNotStored() {
		start(streaming());
		CompletableFuture<AppendResult> result = messages().submit(this.session, "eve", "Hi", UUID.randomUUID());
		assertThat(result).failsWithin(Duration.ofSeconds(10));
		assertThat(types()).isEmpty();
	}

	@Test
	void theGeneratorReceivesTheConversation() {
		List<ReplyRequest> requests = new CopyOnWriteArrayList<>();
		start((request) -> {
			requests.add(request);
			return Flux.just(ReplyPart.text("answer " + requests.size()));
		});
		submit("one");
		awaitEnd("assistant_message");
		long asked = submit("two").eventId();
		await().until(() -> types().stream().filter("assistant_message"::equals).count() == 2);
		ReplyRequest request = requests.get(1);
		assertThat(request.inReplyTo()).isEqualTo(asked);
		assertThat(request.userId()).isEqualTo("ada");
		assertThat(request.sessionId()).isEqualTo(this.session);
		assertThat(request.conversation()).containsExactly(
				new ConversationMessage(ConversationMessage.Role.USER, "one"),
				new ConversationMessage(ConversationMessage.Role.ASSISTANT, "answer 1"),
				new ConversationMessage(ConversationMessage.Role.USER, "two"));
	}

	@Test
	void theGeneratorReceivesALimitedConversationThatAlwaysHasTheQuestion() {
		List<ReplyRequest> requests = new CopyOnWriteArrayList<>();
		start((request) -> {
			requests.add(request);
			return Flux.just(ReplyPart.text("a".repeat(400)));
		});
		for (String asked : List.of("one", "two", "three", "q".repeat(1001))) {
			submit(asked);
			await().until(() -> types().stream().filter("assistant_message"::equals).count() == requests.size()
					&& !requests.isEmpty()
					&& requests.get(requests.size() - 1)
						.conversation()
						.stream()
						.anyMatch((message) -> message.content().equals(asked)));
		}
		// the limit is 1000: "three", two answers and the messages between them fit
		assertThat(requests.get(2).conversation()).extracting(ConversationMessage::content)
			.containsExactly("one", "a".repeat(400), "two", "a".repeat(400), "three");
		assertThat(requests.get(3).conversation()).extracting(ConversationMessage::content)
			.containsExactly("q".repeat(1001));
		submit("last");
		await().until(() -> requests.size() == 5);
		assertThat(requests.get(4).conversation()).extracting(ConversationMessage::content)
			.containsExactly("a".repeat(400), "last");
	}

	@Test
	void deltasThatWaitForPostgresAreMerged() throws SQLException {
		start(streaming());
		submit("Hi");
		say("0 ");
		awaitText("0 ");
		StringBuilder all = new StringBuilder("0 ");
		try (Connection lock = lockSession()) {
			for (int i = 1; i < 1000; i++) {
				say(i + " ");
				all.append(i).append(' ');
			}
			lock.rollback();
		}
		awaitText(all.toString());
		assertThat(deltas()).hasSizeLessThan(10);
	}

	@Test
	void aSurrogatePairIsNeverSplit() {
		start(streaming());
		submit("Hi");
		say("a" + SMILE.charAt(0));
		awaitText("a");
		say(SMILE.charAt(1) + "b");
		awaitText("a" + SMILE + "b");
	}

	@Test
	void aFailureIsReportedWithoutInternalsAndKeepsTheText() {
		start(streaming());
		submit("Hi");
		say("Hello");
		this.model.tryEmitError(new IllegalStateException("secret of 10.0.0.1"));
		awaitEnd("assistant_failed");
		assertThat(text()).isEqualTo("Hello");
		assertFailure("provider_error");
		assertThat(last().payload()).doesNotContain("secret");
	}

	@Test
	void aFailedReplyKeepsALongText() {
		start(streaming());
		submit("Hi");
		String text = SMILE.repeat(3 * ReplyState.MAX_DELTA / 2 + 7);
		say(text);
		this.model.tryEmitError(new IllegalStateException());
		awaitEnd("assistant_failed");
		assertThat(text()).isEqualTo(text);
		assertThat(deltas()).hasSizeGreaterThan(1);
	}

	@Test
	void aGeneratorThatThrowsFailsTheReply() {
		start((request) -> {
			throw new IllegalStateException("secret");
		});
		submit("Hi");
		awaitEnd("assistant_failed");
		assertFailure("provider_error");
		assertThat(last().payload()).doesNotContain("secret");
	}

	@Test
	void aCancellationKeepsTheTextAndStopsTheModel() {
		start(streaming());
		submit("Hi");
		say("Hel");
		awaitText("Hel");
		assertThat(replies().cancel(UUID.randomUUID(), "ada", null)).isFalse();
		assertThat(replies().cancel(this.session, "ada", UUID.randomUUID())).isFalse();
		UUID messageId = UUID.fromString(payload(last()).path("message_id").asString());
		assertThat(replies().cancel(this.session, "ada", messageId)).isTrue();
		assertThat(replies().cancel(this.session, "ada", null)).isFalse();
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hel");
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("cancelled");
		assertThat(deltas()).isEmpty();
		await().untilTrue(this.modelCancelled);
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("cancelled"));
	}

	@Test
	void aHangingGeneratorIsInterruptedByACancellation() throws InterruptedException {
		CountDownLatch called = new CountDownLatch(1);
		CountDownLatch interrupted = new CountDownLatch(1);
		start((request) -> {
			called.countDown();
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				interrupted.countDown();
			}
			return Flux.never();
		});
		submit("Hi");
		assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
		assertThat(replies().cancel(this.session, "ada", null)).isTrue();
		assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
		awaitEnd("assistant_message");
	}

	@Test
	void aReplyBeyondTheMaximumLengthIsCut() {
		start(streaming(), settings(50, LONG, LONG, 10, 10, 5));
		submit("Hi");
		say("Hel");
		say("lo you");
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hello");
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("length");
		await().untilTrue(this.modelCancelled);
	}

	@Test
	void anIdleModelTimesOut() {
		start(streaming(), settings(50, Duration.ofMillis(200), LONG, 10, 10, 1000));
		submit("Hi");
		awaitEnd("assistant_failed");
		assertFailure("timeout");
		await().untilTrue(this.modelCancelled);
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("timeout"));
	}

	@Test
	void aGeneratorThatDoesNotReturnTimesOut() {
		start((request) -> {
			try {
				new CountDownLatch(1).await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return Flux.never();
		}, settings(50, Duration.ofMillis(200), LONG, 10, 10, 1000));
		submit("Hi");
		awaitEnd("assistant_failed");
		assertFailure("timeout");
	}

	@Test
	void aModelThatNeverEndsTimesOut() {
		start((request) -> Flux.interval(Duration.ofMillis(20)).map((i) -> ReplyPart.text(i + " ")),
				settings(50, LONG, Duration.ofSeconds(3), 10, 10, 100_000));
		submit("Hi");
		awaitEnd("assistant_failed");
		assertFailure("timeout");
		assertThat(text()).startsWith("0 1 2 ");
	}

	@Test
	void repliesBeyondTheLimitWaitAndFurtherMessagesAreRejected() {
		AtomicInteger asked = new AtomicInteger();
		start((request) -> (asked.incrementAndGet() == 1) ? this.model.asFlux() : Flux.just(ReplyPart.text("second")),
				settings(50, LONG, LONG, 1, 0, 1000));
		submit("one");
		await().until(() -> asked.get() == 1);
		submit("two");
		await().untilAsserted(() -> assertRefused());
		assertThat(asked).hasValue(1);
		say("first");
		this.model.tryEmitComplete();
		await().until(() -> types().stream().filter("assistant_message"::equals).count() == 2);
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("completed", "completed"));
	}

	@Test
	void aWaitingReplyCanBeCancelled() {
		AtomicInteger asked = new AtomicInteger();
		start((request) -> {
			asked.incrementAndGet();
			return this.model.asFlux();
		}, settings(50, LONG, LONG, 1, 1, 1000));
		submit("one");
		await().until(() -> asked.get() == 1);
		UUID running = this.session;
		this.session = this.log.newSession("ada");
		submit("two");
		assertThat(replies().cancel(this.session, "ada", UUID.randomUUID())).isFalse();
		assertThat(replies().cancel(this.session, "ada", null)).isTrue();
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("cancelled");
		this.session = running;
		say("first");
		this.model.tryEmitComplete();
		awaitEnd("assistant_message");
		assertThat(asked).hasValue(1);
	}

	@Test
	void theRepliesOfASessionRunOneAfterTheOther() {
		List<ReplyRequest> requests = new CopyOnWriteArrayList<>();
		start((request) -> {
			requests.add(request);
			return (requests.size() == 1) ? this.model.asFlux() : Flux.just(ReplyPart.text("second"));
		}, oneAtATime(true));
		submit("one");
		submit("two");
		say("first");
		awaitText("first");
		assertThat(requests).hasSize(1);
		this.model.tryEmitComplete();
		await().until(() -> types().stream().filter("assistant_message"::equals).count() == 2);
		assertThat(types()).containsSubsequence("assistant_started", "assistant_message", "assistant_started",
				"assistant_message");
		assertThat(requests.get(0).conversation()).hasSize(1);
		assertThat(requests.get(1).conversation()).extracting(ConversationMessage::content)
			.containsExactly("one", "first", "two");
	}

	@Test
	void aReplyOfADeadNodeIsRestartedOnAnotherNode() {
		ClaimedReply lost = claimedElsewhere("Hal");
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_started",
				"assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hello");
		assertThat(payload(events().get(2)).path("supersedes").asString()).isEqualTo(lost.messageId().toString());
		assertThat(this.log.log().append(part(lost, "assistant_delta", "late"))).failsWithin(Duration.ofSeconds(10));
	}

	@Test
	void aReplyOfADeadNodeFailsIfConfigured() {
		ClaimedReply lost = claimedElsewhere("Hal");
		start((request) -> Flux.just(ReplyPart.text("Hello")), failing());
		awaitEnd("assistant_failed");
		assertFailure("interrupted");
		assertThat(payload(last()).path("message_id").asString()).isEqualTo(lost.messageId().toString());
		assertThat(text()).isEqualTo("Hal");
	}

	@Test
	void aReplySupersedesTheLastAttemptThatBeganAndIgnoresUnusedClaims() {
		ClaimedReply lost = claimedElsewhere("Hal");
		claimWithoutStarting();
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_started",
				"assistant_message");
		assertThat(payload(events().get(2)).path("supersedes").asString()).isEqualTo(lost.messageId().toString());
	}

	@Test
	void aReplyThatMayNotRestartFailsWithTheLastPublishedId() {
		ClaimedReply lost = claimedElsewhere("Hal");
		claimWithoutStarting();
		start((request) -> Flux.just(ReplyPart.text("Hello")), failing());
		awaitEnd("assistant_failed");
		assertThat(payload(last()).path("message_id").asString()).isEqualTo(lost.messageId().toString());
	}

	@Test
	void aReplyIsCancelledByTheLastPublishedIdAndEndsWithIt() {
		ClaimedReply lost = claimedElsewhere("Hal");
		claimWithoutStarting();
		assertThat(this.log.leases().cancel(this.session, "ada", lost.messageId())).isTrue();
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("message_id").asString()).isEqualTo(lost.messageId().toString());
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hal");
	}

	@Test
	void aReplyWithoutAStartedAttemptFailsAfterTheLastClaim() {
		this.log.log().append(question(this.session)).join();
		claimWithoutStarting();
		this.log.sql().sql("update ws_replies set attempts = 3 where session_id = ?").param(this.session).update();
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_failed");
		assertThat(types()).containsExactly("user_message", "assistant_failed");
	}

	@RepeatedTest(10)
	void aReplyThatBeginsAndEndsInOneBatchLeavesNoRow() {
		this.log.log().append(question(this.session)).join();
		expireLease();
		ClaimedReply claim = this.log.leasesOfAnotherNode()
			.claim(ClaimRequest.ofSessions(1, this.session))
			.replies()
			.get(0);
		CompletableFuture
			.allOf(this.log.log().append(part(claim, "assistant_delta", "")),
					this.log.log().append(part(claim, "assistant_started", "")), this.log.log().append(end(claim)))
			.join();
		assertThat(this.log.sql()
			.sql("select count(*) from ws_replies where session_id = ?")
			.param(this.session)
			.query(Long.class)
			.single()).isZero();
	}

	@Test
	void theNumberOfAttemptsIsLimited() {
		claimedElsewhere("Hal");
		this.log.sql().sql("update ws_replies set attempts = 3 where session_id = ?").param(this.session).update();
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_failed");
		assertFailure("interrupted");
	}

	@Test
	void aCancelledReplyOfADeadNodeEndsWithItsText() {
		claimedElsewhere("Hal");
		assertThat(this.log.leases().cancel(this.session, "ada", null)).isTrue();
		start((request) -> Flux.just(ReplyPart.text("Hello")));
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hal");
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("cancelled");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_message");
	}

	@Test
	void aReplyCanBeCancelledFromAnotherNode() {
		start(streaming(), shortLease());
		submit("Hi");
		say("Hal");
		awaitText("Hal");
		assertThat(this.log.leasesOfAnotherNode().cancel(this.session, "mallory", null)).isFalse();
		assertThat(this.log.leasesOfAnotherNode().cancel(this.session, "ada", null)).isTrue();
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("finish_reason").asString()).isEqualTo("cancelled");
		await().untilTrue(this.modelCancelled);
	}

	@Test
	void aNodeThatLostItsLeaseStopsTheReply() {
		start(streaming(), shortLease());
		submit("Hi");
		say("Hal");
		awaitText("Hal");
		this.log.sql()
			.sql("update ws_replies set node_id = gen_random_uuid(), fence = fence + 1, lease_until = now() + interval '1 hour' where session_id = ?")
			.param(this.session)
			.update();
		await().untilTrue(this.modelCancelled);
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("abandoned"));
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_delta");
	}

	@Test
	void aStoppingNodeHandsOverItsReplies() {
		start(streaming());
		submit("Hi");
		say("Hal");
		awaitText("Hal");
		JdbcReplyQueue other = this.log.leasesOfAnotherNode();
		replies().drain(Duration.ZERO);
		await().untilTrue(this.modelCancelled);
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_delta");
		assertThat(other.claim(ClaimRequest.lapsed(10)).replies()).singleElement()
			.satisfies((claim) -> assertThat(claim.sessionId()).isEqualTo(this.session))
			.satisfies((claim) -> assertThat(claim.attempts()).isEqualTo(1));
	}

	@Test
	void aDrainWaitsForARunningReply() {
		start(streaming());
		submit("Hi");
		say("Hel");
		awaitText("Hel");
		CompletableFuture<Void> drained = CompletableFuture.runAsync(() -> replies().drain(LONG));
		await().untilAsserted(() -> assertRefused());
		say("lo");
		this.model.tryEmitComplete();
		assertThat(drained).succeedsWithin(Duration.ofSeconds(10));
		assertThat(last().type()).isEqualTo("assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hello");
	}

	@Test
	void aDrainFailsAReplyThatMayNotRestart() {
		start(streaming(), failing());
		submit("Hi");
		say("Hel");
		awaitText("Hel");
		replies().drain(Duration.ofMillis(100));
		awaitEnd("assistant_failed");
		assertFailure("interrupted");
		assertThat(text()).isEqualTo("Hel");
		await().untilTrue(this.modelCancelled);
		assertRefused();
	}

	@Test
	void theModelWaitsWhileTheLogIsUnavailableAndDoesNotTimeOut() throws SQLException {
		AtomicInteger given = new AtomicInteger();
		String part = "x".repeat(1000);
		start((request) -> Flux.generate((sink) -> {
			given.incrementAndGet();
			sink.next(ReplyPart.text(part));
			if (given.get() == 300) {
				sink.complete();
			}
		}), settings(50, Duration.ofMillis(300), LONG, 10, 10, 50_000_000));
		int atMost = (ReplyState.MAX_WAITING + ReplyState.MAX_DELTA) / 1000 + 64;
		try (Connection lock = lockSession()) {
			CompletableFuture<AppendResult> asked = messages().submit(this.session, "ada", "Hi", UUID.randomUUID());
			await().during(Duration.ofMillis(300)).until(() -> !asked.isDone());
			lock.rollback();
			assertThat(asked).succeedsWithin(Duration.ofSeconds(10));
		}
		awaitEnd("assistant_message");
		assertThat(payload(last()).path("content").asString()).hasSize(300_000);
		given.set(1000);
		try (Connection lock = lockWhenAsked()) {
			await().until(() -> given.get() > 1050);
			await().during(Duration.ofSeconds(1)).until(() -> given.get() < 1000 + atMost);
			await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("completed"));
			lock.rollback();
		}
		await().until(() -> given.get() > 1000 + atMost);
		assertThat(replies().cancel(this.session, "ada", null)).isTrue();
	}

	@Test
	void aReplyOfARemovedSessionStopsTheModel() {
		start(streaming());
		submit("Hi");
		say("Hel");
		awaitText("Hel");
		this.log.sql()
			.sql("update ws_sessions set closed_at = now() where session_id = ?")
			.param(this.session)
			.update();
		say("lo");
		await().untilTrue(this.modelCancelled);
		await().until(() -> !this.outcomes.isEmpty());
		await().untilAsserted(() -> assertThat(this.outcomes).containsExactly("abandoned"));
		assertThat(replies().cancel(this.session, "ada", null)).isFalse();
	}

	@Test
	void aSingleNodeContinuesItsRunningRepliesAfterItsRestart() {
		AtomicInteger asked = new AtomicInteger();
		start((request) -> (asked.incrementAndGet() == 1) ? this.model.asFlux() : Flux.just(ReplyPart.text("Hello")));
		submit("Hi");
		say("Hal");
		awaitText("Hal");
		replies().stop();
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_delta");
		assertRefused();
		replies().start();
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_started",
				"assistant_message");
		assertThat(payload(last()).path("content").asString()).isEqualTo("Hello");
		submit("Again");
		await().until(() -> types().stream().filter("assistant_message"::equals).count() == 2);
		assertThat(asked).hasValue(3);
	}

	@Test
	void aReplyWithAnExpiredLeaseAndALockedRowIsTakenOverWhenTheRowIsUnlocked() throws SQLException {
		claimedElsewhere("Hal");
		try (Connection lock = this.log.dataSource().getConnection()) {
			lock.setAutoCommit(false);
			lock.createStatement().execute("select 1 from ws_replies for share");
			long before = statements();
			start((request) -> Flux.just(ReplyPart.text("Hello")));
			await().until(() -> statements() > before);
			assertThat(types()).doesNotContain("assistant_message");
			lock.rollback();
		}
		awaitEnd("assistant_message");
	}

	@Test
	void theSchedulerCanBeRestartedRepeatedly() {
		start((request) -> Flux.just(ReplyPart.text("Hello")), settings(50, LONG, LONG, 1, 10, 1000));
		for (int i = 1; i <= 5; i++) {
			int count = i;
			submit("Hi");
			await().until(() -> types().stream().filter("assistant_message"::equals).count() == count);
			replies().drain(Duration.ofMillis(10));
			replies().stop();
			replies().stop();
			replies().start();
			replies().start();
		}
	}

	@Test
	void generatorsThatHangDuringTheStopOccupyNoPlaceAfterTheNextStart() throws InterruptedException {
		CountDownLatch hanging = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		start((request) -> {
			if (hanging.getCount() > 0) {
				hanging.countDown();
				awaitUninterruptibly(end);
			}
			return Flux.just(ReplyPart.text("Hello"));
		}, settings(50, LONG, LONG, 1, 10, 1000));
		submit("Hi");
		assertThat(hanging.await(10, TimeUnit.SECONDS)).isTrue();
		replies().stop();
		replies().start();
		awaitEnd("assistant_message");
		end.countDown();
	}

	@Test
	void aReplyBeyondTheLimitOfItsNodeCanBeClaimedByAnotherNodeAtOnce() {
		start(streaming(), settings(50, LONG, LONG, 1, 10, 1000));
		submit("one");
		awaitType("assistant_started");
		this.session = this.log.newSession("ada");
		submit("two");
		JdbcReplyQueue other = this.log.leasesOfAnotherNode();
		ClaimedReply claimed = await().until(
				() -> other.claim(ClaimRequest.lapsed(10)).replies().stream().findFirst().orElse(null),
				Objects::nonNull);
		assertThat(claimed.sessionId()).isEqualTo(this.session);
		assertThat(claimed.attempts()).isEqualTo(1);
	}

	@Test
	void aHangingCancellationDoesNotDelayTheLeasesOfOtherReplies() {
		CountDownLatch end = new CountDownLatch(1);
		AtomicBoolean hanging = new AtomicBoolean();
		AtomicInteger asked = new AtomicInteger();
		start((request) -> (asked.incrementAndGet() > 1) ? this.model.asFlux()
				: Flux.<ReplyPart>never().doOnCancel(() -> {
					hanging.set(true);
					awaitUninterruptibly(end);
				}), shortLease());
		UUID cancelled = this.session;
		submit("one");
		awaitType("assistant_started");
		this.session = this.log.newSession("ada");
		submit("two");
		say("Hel");
		awaitText("Hel");
		assertThat(this.log.leasesOfAnotherNode().cancel(cancelled, "ada", null)).isTrue();
		await().untilTrue(hanging);
		await().until(() -> this.log.sql()
			.sql("select lease_until > updated_at and updated_at > created_at + interval '3 s' from ws_replies where session_id = ?")
			.param(this.session)
			.query(Boolean.class)
			.single());
		say("lo");
		this.model.tryEmitComplete();
		awaitEnd("assistant_message");
		assertThat(types()).containsExactly("user_message", "assistant_started", "assistant_message");
		end.countDown();
	}

	@Test
	void errorsOfTheApplicationEndOnlyTheirReply() {
		AtomicInteger asked = new AtomicInteger();
		ResumableWsListener failing = new ResumableWsListener() {

			@Override
			public void onReplyEnded(String outcome, Duration duration) {
				throw new AssertionError("listener");
			}

		};
		this.replies = create((request) -> {
			if (asked.incrementAndGet() == 1) {
				throw new NoSuchMethodError("generator");
			}
			return Flux.just(ReplyPart.text("Hello"));
		}, settings(), failing);
		this.replies.start();
		submit("one");
		awaitEnd("assistant_failed");
		assertFailure("provider_error");
		submit("two");
		awaitEnd("assistant_message");
	}

	@Test
	void theRepliesOfAClosedSessionAreRemoved() {
		start(streaming(), shortLease());
		submit("one");
		submit("two");
		awaitType("assistant_started");
		this.log.sql()
			.sql("update ws_sessions set closed_at = now() where session_id = ?")
			.param(this.session)
			.update();
		expireLease();
		await().untilTrue(this.modelCancelled);
		await().until(() -> this.log.sql().sql("select count(*) from ws_replies").query(Integer.class).single() == 0);
	}

	@Test
	void anIdleSchedulerWritesNothingAndSeldomPolls() {
		start(streaming());
		await().until(() -> statements() > 0);
		submit("Hi");
		say("Hello");
		this.model.tryEmitComplete();
		awaitEnd("assistant_message");
		await().during(Duration.ofSeconds(6)).atMost(Duration.ofSeconds(60)).until(new Callable<>() {

			private long before = statements();

			@Override
			public Boolean call() {
				long now = statements();
				boolean quiet = now == this.before;
				this.before = now;
				return quiet;
			}

		});
	}

	@Test
	@NotUnderFaults("Reads the log without a second attempt")
	void everyReplyEndsOnceInEveryRace() throws Exception {
		for (int i = 0; i < 60; i++) {
			Sinks.Many<ReplyPart> sink = Sinks.many().unicast().onBackpressureBuffer();
			CountDownLatch asked = new CountDownLatch(1);
			ReplyScheduler racing = create((request) -> {
				asked.countDown();
				return sink.asFlux();
			}, settings());
			racing.start();
			try {
				UUID racingSession = this.log.newSession("ada");
				messages(racing).submit(racingSession, "ada", "Hi", UUID.randomUUID()).join();
				assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
				boolean fails = i % 2 == 0;
				race(() -> sink.tryEmitNext(ReplyPart.text("Hello")), () -> fails(sink, fails),
						() -> racing.cancel(racingSession, "ada", null), () -> racing.drain(Duration.ZERO));
				// a reply that the stop released fails after the start, because its sink
				// cannot be subscribed twice
				racing.stop();
				racing.start();
				await().until(() -> ends(racingSession) > 0);
				this.log.log().flush(LONG);
				assertThat(ends(racingSession)).isEqualTo(1);
				assertThat(this.log.log().read(racingSession, 0, 100)).last()
					.extracting(SessionEvent::type)
					.isIn("assistant_message", "assistant_failed");
			}
			finally {
				racing.stop();
			}
		}
		await().untilAsserted(() -> assertThat(this.outcomes).hasSizeGreaterThanOrEqualTo(60));
		assertThat(this.outcomes).filteredOn((outcome) -> !outcome.equals("abandoned")).hasSizeLessThanOrEqualTo(60);
	}

	private static void fails(Sinks.Many<ReplyPart> sink, boolean fails) {
		if (fails) {
			sink.tryEmitError(new IllegalStateException("broken"));
		}
		else {
			sink.tryEmitComplete();
		}
	}

	private static void race(Runnable... runners) {
		CyclicBarrier barrier = new CyclicBarrier(runners.length);
		CompletableFuture<?>[] results = Stream.of(runners).map((runner) -> CompletableFuture.runAsync(() -> {
			try {
				barrier.await(10, TimeUnit.SECONDS);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
			runner.run();
		}, (task) -> new Thread(task).start())).toArray(CompletableFuture<?>[]::new);
		CompletableFuture.allOf(results).join();
	}

	private long ends(UUID sessionId) {
		return this.log.log()
			.read(sessionId, 0, 100)
			.stream()
			.filter((event) -> List.of("assistant_message", "assistant_failed").contains(event.type()))
			.count();
	}

	private void start(@Nullable ReplyGenerator generator) {
		start(generator, settings());
	}

	private void start(@Nullable ReplyGenerator generator, ReplySettings settings) {
		this.replies = create(generator, settings);
		this.replies.start();
	}

	private ReplyScheduler create(@Nullable ReplyGenerator generator, ReplySettings settings) {
		return create(generator, settings, new ResumableWsListener() {

			@Override
			public void onReplyEnded(String outcome, Duration duration) {
				ReplySchedulerTests.this.outcomes.add(outcome);
			}

		});
	}

	private ReplyScheduler create(@Nullable ReplyGenerator generator, ReplySettings settings,
			ResumableWsListener listener) {
		return new ReplyScheduler(this.log.log(), this.log.leases(), NodeNotifier.none(), generator, settings,
				ReplyThreads::platform, listener, Observations.NONE);
	}

	private static void awaitUninterruptibly(CountDownLatch latch) {
		while (true) {
			try {
				latch.await();
				return;
			}
			catch (InterruptedException ex) {
				// ignored, like a generator that does not react to interrupts
			}
		}
	}

	private long statements() {
		return this.statements.get();
	}

	private static ReplySettings settings() {
		return settings(50, LONG, LONG, 10, 10, 200_000);
	}

	private ClaimedReply claimedElsewhere(String said) {
		this.log.log().append(question(this.session)).join();
		expireLease();
		ClaimedReply claim = this.log.leasesOfAnotherNode()
			.claim(ClaimRequest.ofSessions(1, this.session))
			.replies()
			.get(0);
		this.log.log().append(part(claim, "assistant_started", "")).join();
		this.log.log().append(part(claim, "assistant_delta", said)).join();
		expireLease();
		return claim;
	}

	/**
	 * Claims the reply for another node, which stops before it begins the reply.
	 */
	private void claimWithoutStarting() {
		expireLease();
		assertThat(this.log.leasesOfAnotherNode().claim(ClaimRequest.ofSessions(1, this.session)).replies()).hasSize(1);
		expireLease();
	}

	static AppendRequest question(UUID session) {
		return AppendRequest.of(session, "user_message", "{\"content\":\"Hi\"}")
			.once("ada", UUID.randomUUID())
			.askingForReply();
	}

	private void expireLease() {
		this.log.sql()
			.sql("update ws_replies set lease_until = now() - interval '1 second' where session_id = ?")
			.param(this.session)
			.update();
	}

	private static AppendRequest part(ClaimedReply claim, String type, String content) {
		String payload = "{\"message_id\":\"" + claim.messageId() + "\",\"offset\":0,\"content\":\"" + content + "\"}";
		return new AppendRequest.ReplyEvent(claim.sessionId(), claim.messageId(), claim.inReplyTo(), claim.fence(),
				type, AppendRequest.Role.PART, null, AppendRequest.LateBound.of(() -> payload));
	}

	private static AppendRequest end(ClaimedReply claim) {
		return new AppendRequest.ReplyEvent(claim.sessionId(), claim.messageId(), claim.inReplyTo(), claim.fence(),
				"assistant_message", AppendRequest.Role.END, claim.messageId(), AppendRequest.LateBound.of(() -> "{}"));
	}

	private static ReplySettings oneAtATime(boolean oneAtATime) {
		return new ReplySettings(50, 1000, LONG, LONG, LONG, 10, limits(10), 1000, oneAtATime, Duration.ofSeconds(15),
				true, 3);
	}

	/**
	 * Returns limits that are the same for a user and for all users.
	 */
	private static ReplyLimits limits(int waiting) {
		return new ReplyLimits(waiting, Integer.MAX_VALUE, Integer.MAX_VALUE);
	}

	private static ReplySettings failing() {
		return new ReplySettings(50, 1000, LONG, LONG, LONG, 10, limits(10), 1000, true, Duration.ofSeconds(15), false,
				3);
	}

	private static ReplySettings shortLease() {
		return new ReplySettings(50, 1000, LONG, LONG, LONG, 10, limits(10), 1000, true, Duration.ofSeconds(1), true,
				3);
	}

	private static ReplySettings settings(int history, Duration idle, Duration longest, int concurrent, int waiting,
			int characters) {
		return new ReplySettings(history, 1000, idle, idle, longest, concurrent, limits(waiting), characters, false,
				Duration.ofSeconds(15), true, 3);
	}

	private ReplyScheduler replies() {
		assertThat(this.replies).isNotNull();
		return this.replies;
	}

	private UserMessages messages() {
		return messages(replies());
	}

	private UserMessages messages(ReplyScheduler replies) {
		return new UserMessages(this.log.log(), replies, new UserBudgets(new BudgetSettings(Map.of(), Map.of())),
				Observations.NONE);
	}

	private ReplyGenerator streaming() {
		return (request) -> this.model.asFlux().doOnCancel(() -> this.modelCancelled.set(true));
	}

	private void say(String text) {
		this.model.tryEmitNext(ReplyPart.text(text)).orThrow();
	}

	private AppendResult submit(String content) {
		return submit(content, UUID.randomUUID());
	}

	private AppendResult submit(String content, UUID key) {
		return messages().submit(this.session, "ada", content, key).orTimeout(10, TimeUnit.SECONDS).join();
	}

	private void assertRefused() {
		assertThatExceptionOfType(Exception.class)
			.isThrownBy(
					() -> messages().submit(this.session, "ada", "More", UUID.randomUUID()).get(10, TimeUnit.SECONDS))
			.withCauseInstanceOf(EventLogUnavailableException.class);
	}

	private void assertFailure(String code) {
		JsonNode payload = payload(last());
		assertThat(payload.path("code").asString()).isEqualTo(code);
		assertThat(payload.path("message").asString()).endsWith(".");
		assertThat(payload.path("message_id").asString()).hasSize(36);
	}

	/**
	 * Locks the row of the session, so that no event of it can be stored.
	 */
	private Connection lockSession() throws SQLException {
		Connection connection = this.log.dataSource().getConnection();
		connection.setAutoCommit(false);
		try (PreparedStatement statement = connection
			.prepareStatement("select 1 from ws_sessions where session_id = ? for update")) {
			statement.setObject(1, this.session);
			statement.execute();
		}
		return connection;
	}

	private Connection lockWhenAsked() throws SQLException {
		submit("Hi");
		return lockSession();
	}

	private List<SessionEvent> events() {
		return this.log.log().read(this.session, 0, 10_000);
	}

	private List<String> types() {
		return events().stream().map(SessionEvent::type).toList();
	}

	private SessionEvent last() {
		List<SessionEvent> events = events();
		return events.get(events.size() - 1);
	}

	private void awaitType(String type) {
		await().until(() -> types().contains(type));
	}

	private void awaitEnd(String type) {
		await().untilAsserted(() -> assertThat(types()).contains(type));
	}

	private void awaitText(String text) {
		await().untilAsserted(() -> assertThat(text()).isEqualTo(text));
	}

	private List<JsonNode> deltas() {
		return events().stream()
			.filter((event) -> event.type().equals("assistant_delta"))
			.map(ReplySchedulerTests::payload)
			.toList();
	}

	/**
	 * Joins the deltas as a client does.
	 */
	private String text() {
		StringBuilder text = new StringBuilder();
		for (JsonNode delta : deltas()) {
			assertThat(delta.path("offset").asInt()).isEqualTo(text.length());
			text.append(delta.path("content").asString());
		}
		return text.toString();
	}

	private static JsonNode payload(SessionEvent event) {
		return JsonMapper.shared().readTree(event.payload());
	}

}
