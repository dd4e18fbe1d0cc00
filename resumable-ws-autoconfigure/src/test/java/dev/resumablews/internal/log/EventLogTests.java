package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.LongStream;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ConversationMessage.Role;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.log.AppendStatement.Locking;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.ClaimRequest;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.testing.NotUnderFaults;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

class EventLogTests {

	private static TestLog test;

	private static EventLog log;

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
		log = test.log();
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@Test
	void eventIdsOfASessionAreConsecutiveFromOne() throws Exception {
		UUID session = test.newSession("alice");
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		for (int i = 1; i <= 2500; i++) {
			appends.add(log.append(AppendRequest.of(session, "tick", "{\"n\":" + i + "}")));
		}
		List<Long> ids = new ArrayList<>();
		for (CompletableFuture<AppendResult> append : appends) {
			ids.add(append.get(10, TimeUnit.SECONDS).eventId());
		}
		assertThat(ids).containsExactlyElementsOf(LongStream.rangeClosed(1, 2500).boxed().toList());
		assertThat(payloads(session))
			.containsExactlyElementsOf(LongStream.rangeClosed(1, 2500).mapToObj((n) -> "{\"n\":" + n + "}").toList());
	}

	@Test
	void waitingAppendsShareACommit() throws Exception {
		int batches;
		UUID session = test.newSession("alice");
		try (Connection blocker = test.dataSource().getConnection()) {
			blocker.setAutoCommit(false);
			blocker.createStatement().execute("lock table ws_events in access exclusive mode");
			List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
			for (int i = 0; i < 500; i++) {
				appends.add(log.append(AppendRequest.of(session, "tick", "{}")));
			}
			blocker.commit();
			CompletableFuture.allOf(appends.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
			batches = test.sql()
				.sql("select count(distinct xmin::text) from ws_events where session_id = ?")
				.param(session)
				.query(Integer.class)
				.single();
		}
		assertThat(batches).isBetween(1, 2);
	}

	@Test
	void aKeyIsStoredOnceAndARepeatGetsTheFirstEventId() throws Exception {
		UUID session = test.newSession("alice");
		UUID key = UUID.randomUUID();
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			appends.add(log.append(AppendRequest.of(session, "user_message", "{}").once("alice", key)));
		}
		int fresh = 0;
		for (CompletableFuture<AppendResult> append : appends) {
			AppendResult appended = append.get(10, TimeUnit.SECONDS);
			assertThat(appended.eventId()).isEqualTo(1);
			fresh += appended.duplicate() ? 0 : 1;
		}
		assertThat(fresh).isEqualTo(1);
		assertThat(log.append(AppendRequest.of(session, "user_message", "{}").once("alice", key)).get())
			.satisfies((repeat) -> assertThat(repeat.eventId()).isEqualTo(1))
			.satisfies((repeat) -> assertThat(repeat.duplicate()).isTrue());
		assertThat(payloads(session)).hasSize(1);
	}

	@Test
	@NotUnderFaults("Reads the log without a second attempt")
	void theSameKeyFromTwoNodesAtOnceIsStoredOnce() throws Exception {
		try (TestLog other = new TestLog(
				test.dataSource().unwrap(com.zaxxer.hikari.HikariDataSource.class).getJdbcUrl())) {
			for (int round = 0; round < 50; round++) {
				UUID session = test.newSession("alice");
				UUID key = UUID.randomUUID();
				AppendRequest draft = AppendRequest.of(session, "user_message", "{}").once("alice", key);
				CompletableFuture<AppendResult> here = log.append(draft);
				CompletableFuture<AppendResult> there = other.log().append(draft);
				assertThat(List.of(here.get().eventId(), there.get().eventId())).containsOnly(1L);
				assertThat(here.get().duplicate()).isNotEqualTo(there.get().duplicate());
				assertThat(payloads(session)).hasSize(1);
			}
		}
	}

	@Test
	void aSessionOfAnotherUserIsUnknownAndTheRestOfTheBatchIsStored() throws Exception {
		UUID session = test.newSession("alice");
		CompletableFuture<AppendResult> first = log.append(AppendRequest.of(session, "a", "{}"));
		CompletableFuture<AppendResult> foreign = log
			.append(AppendRequest.of(session, "b", "{}").once("mallory", UUID.randomUUID()));
		CompletableFuture<AppendResult> unknown = log.append(AppendRequest.of(UUID.randomUUID(), "b", "{}"));
		CompletableFuture<AppendResult> second = log.append(AppendRequest.of(session, "c", "{}"));
		assertThat(first.get().eventId()).isEqualTo(1);
		assertThat(second.get().eventId()).isEqualTo(2);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(foreign::get)
			.withCauseInstanceOf(UnknownSessionException.class);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(unknown::get)
			.withCauseInstanceOf(UnknownSessionException.class);
	}

	@Test
	void anEventThatPostgresRejectsFailsAlone() throws Exception {
		UUID session = test.newSession("alice");
		try (Connection blocker = test.dataSource().getConnection()) {
			blocker.setAutoCommit(false);
			blocker.createStatement().execute("lock table ws_events in access exclusive mode");
			CompletableFuture<AppendResult> first = log.append(AppendRequest.of(session, "a", "{}"));
			CompletableFuture<AppendResult> bad = log.append(AppendRequest.of(session, "b", "{not json"));
			CompletableFuture<AppendResult> second = log.append(AppendRequest.of(session, "c", "{}"));
			blocker.commit();
			assertThat(first.get().eventId()).isEqualTo(1);
			assertThat(second.get().eventId()).isEqualTo(2);
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(bad::get)
				.withCauseInstanceOf(IllegalArgumentException.class);
		}
	}

	@Test
	void thePayloadIsStoredUnchanged() throws Exception {
		UUID session = test.newSession("alice");
		String payload = "{\"b\": 1.10,  \"a\":\"\\u0000 \uD83D\uDE00 é\",\"a\":2}";
		log.append(AppendRequest.of(session, "x", payload)).get();
		assertThat(payloads(session)).containsExactly(payload);
	}

	@Test
	void aDraftIsRenderedWhenItIsWritten() throws Exception {
		UUID session = test.newSession("alice");
		StringBuffer said = new StringBuffer("one");
		try (Connection blocker = test.dataSource().getConnection()) {
			blocker.setAutoCommit(false);
			blocker.createStatement().execute("lock table ws_events in access exclusive mode");
			CompletableFuture<AppendResult> blocked = log.append(AppendRequest.of(session, "a", "{}"));
			await().until(this::aWriterWaitsForALock);
			CompletableFuture<AppendResult> late = log
				.append(lateBound(session, "late", () -> "{\"content\":\"" + said + "\"}"));
			said.append(" two");
			blocker.commit();
			blocked.get();
			late.get();
		}
		assertThat(payloads(session)).contains("{\"content\":\"one two\"}");
	}

	@Test
	void anEmptyDraftIsCancelled() throws Exception {
		UUID session = test.newSession("alice");
		CompletableFuture<AppendResult> nothing = log.append(lateBound(session, "late", () -> null));
		assertThat(log.append(AppendRequest.of(session, "a", "{}")).get().eventId()).isEqualTo(1);
		assertThat(nothing).isCancelled();
	}

	@Test
	void aCompleteReplyReplacesItsDeltas() throws Exception {
		UUID session = test.newSession("alice");
		ClaimedReply claim = claimedReply(session);
		log.append(part(claim, "assistant_delta", false, null)).get();
		log.append(AppendRequest.of(session, "assistant_delta", "{}")).get();
		log.append(part(claim, "assistant_delta", false, null)).get();
		log.append(part(claim, "assistant_message", true, claim.messageId())).get();
		assertThat(log.read(session, 0, 100)).extracting(SessionEvent::id).containsExactly(1L, 3L, 5L);
		assertThat(test.sql()
			.sql("select count(*) from ws_replies where session_id = ?")
			.param(session)
			.query(Long.class)
			.single()).isZero();
	}

	@Test
	void aDeltaInTheBatchThatEndsItsReplyOnlyTakesAnId() throws Exception {
		UUID session = test.newSession("alice");
		SessionFeed feed = test.feeds().join(session, () -> {
		});
		ClaimedReply claim = claimedReply(session);
		log.append(part(claim, "assistant_delta", false, null)).get();
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		try (Connection blocker = test.dataSource().getConnection()) {
			blocker.setAutoCommit(false);
			blocker.createStatement().execute("lock table ws_events in access exclusive mode");
			log.append(AppendRequest.of(session, "tick", "{}"));
			await().until(this::aWriterWaitsForALock);
			appends.add(log.append(part(claim, "assistant_delta", false, null)));
			appends.add(log.append(part(claim, "assistant_delta", false, null)));
			appends.add(log.append(part(claim, "assistant_message", true, claim.messageId())));
			blocker.commit();
		}
		CompletableFuture.allOf(appends.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
		assertThat(appends).extracting((append) -> append.join().eventId()).containsExactly(4L, 5L, 6L);
		assertThat(appends).as("stored in one batch")
			.extracting((append) -> append.join().createdAt())
			.containsOnly(appends.get(0).join().createdAt());
		assertThat(log.append(AppendRequest.of(session, "next", "{}")).get().eventId()).isEqualTo(7);
		assertThat(log.read(session, 0, 100)).extracting(SessionEvent::type)
			.containsExactly("user_message", "tick", "assistant_message", "next");
		assertThat(log.read(session, 0, 100)).extracting(SessionEvent::id).containsExactly(1L, 3L, 6L, 7L);
		assertThat(feed.after(0, Long.MAX_VALUE)).extracting(FeedEntry::event).isEqualTo(log.read(session, 0, 100));
	}

	@Test
	void onlyTheLatestClaimOfAReplyCanWriteForIt() throws Exception {
		UUID session = test.newSession("alice");
		ClaimedReply claim = claimedReply(session);
		log.append(part(claim, "assistant_started", false, null)).get();
		log.append(part(claim, "assistant_delta", false, null)).get();
		test.sql()
			.sql("update ws_replies set lease_until = now() - interval '1 second' where session_id = ?")
			.param(session)
			.update();
		ClaimedReply taken = test.leasesOfAnotherNode().claim(ClaimRequest.ofSessions(1, session)).replies().get(0);
		assertThat(taken.fence()).isGreaterThan(claim.fence());
		assertThat(taken.previous()).isEqualTo(claim.messageId());
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> log.append(part(claim, "assistant_delta", false, null)).get())
			.withCauseInstanceOf(FencedException.class);
		log.append(part(taken, "assistant_started", false, taken.previous())).get();
		assertThat(log.read(session, 0, 100)).extracting(SessionEvent::type)
			.containsExactly("user_message", "assistant_started", "assistant_started");
		log.append(part(taken, "assistant_message", true, taken.messageId())).get();
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> log.append(part(taken, "assistant_delta", false, null)).get())
			.withCauseInstanceOf(FencedException.class);
	}

	@Test
	void aWriteThatWaitsDuringATakeoverOfItsReplyIsRejected() throws Exception {
		UUID session = test.newSession("alice");
		ClaimedReply claim = claimedReply(session);
		try (Connection taker = test.dataSource().getConnection()) {
			taker.setAutoCommit(false);
			taker.createStatement()
				.execute("update ws_replies set fence = fence + 1 where session_id = '" + session + "'");
			CompletableFuture<AppendResult> late = log.append(part(claim, "assistant_delta", false, null));
			for (int i = 0; i < 10; i++) {
				assertThat(log.append(AppendRequest.of(test.newSession("bob"), "other", "{}"))).succeedsWithin(20,
						TimeUnit.SECONDS);
			}
			assertThat(late).isNotDone();
			taker.commit();
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(late::get)
				.withCauseInstanceOf(FencedException.class);
		}
		assertThat(log.read(session, 0, 100)).hasSize(1);
	}

	@Test
	void pagesAreLimitedInSizeAndCanBeContinued() throws Exception {
		UUID session = test.newSession("alice");
		String large = "{\"x\":\"" + "x".repeat(100_000) + "\"}";
		for (int i = 0; i < 10; i++) {
			log.append(AppendRequest.of(session, "large", large)).get();
		}
		List<SessionEvent> page = log.read(session, 0, 100);
		assertThat(page).hasSize(3);
		assertThat(log.read(session, page.get(2).id(), 100)).first().extracting(SessionEvent::id).isEqualTo(4L);
		assertThat(log.read(session, 10, 100)).isEmpty();
		assertThat(log.read(session, 0, 2)).hasSize(2);
	}

	@Test
	void theConversationHasTheNewestMessagesInOrderAndEndsWithTheQuestion() throws Exception {
		UUID session = test.newSession("alice");
		log.append(AppendRequest.of(session, "user_message", "{\"content\":\"one\"}")).get();
		log.append(AppendRequest.of(session, "user_message", "{\"content\":\"two\"}")).get();
		log.append(AppendRequest.of(session, "assistant_message", "{\"content\":\"to one\\u0000\"}")).get();
		log.append(AppendRequest.of(session, "other", "{\"content\":\"no\"}")).get();
		log.append(AppendRequest.of(session, "user_message", "{\"content\":\"later\"}")).get();
		assertThat(log.conversation(session, 2, 2, 1000)).containsExactly(
				new ConversationMessage(Role.ASSISTANT, "to one\u0000"), new ConversationMessage(Role.USER, "two"));
		assertThat(log.conversation(session, 2, 10, 1000)).extracting(ConversationMessage::content)
			.containsExactly("one", "to one\u0000", "two");
	}

	@Test
	void theConversationIsLimitedInCharactersAndHasWholeMessages() throws Exception {
		UUID session = test.newSession("alice");
		for (int i = 0; i < 20; i++) {
			say(session, "user_message", "u".repeat(10));
			say(session, "assistant_message", "a".repeat(20));
		}
		long asked = say(session, "user_message", "u".repeat(10));
		say(session, "assistant_message", "a".repeat(20));
		assertThat(lengths(session, asked, 100)).containsExactly(10, 20, 10, 20, 20, 10);
		assertThat(lengths(session, asked, 89)).containsExactly(20, 10, 20, 20, 10);
		assertThat(lengths(session, asked, 30)).containsExactly(20, 10);
		assertThat(lengths(session, asked, 1)).containsExactly(10);
		assertThat(lengths(session, asked, 10_000)).hasSize(42);
	}

	@Test
	void theConversationIsMeasuredInCharactersAndNotInBytes() throws Exception {
		UUID session = test.newSession("alice");
		for (int i = 0; i < 9; i++) {
			say(session, "assistant_message", "\u6587".repeat(50));
			say(session, "user_message", "\\u0001".repeat(50));
		}
		long asked = say(session, "user_message", "");
		assertThat(lengths(session, asked, 500)).hasSize(11);
		assertThat(lengths(session, asked, 499)).hasSize(10);
	}

	@Test
	void aQuestionBeyondTheLimitIsTheWholeConversation() throws Exception {
		UUID session = test.newSession("alice");
		say(session, "user_message", "before");
		long asked = say(session, "user_message", "u".repeat(1000));
		assertThat(lengths(session, asked, 100)).containsExactly(1000);
	}

	private static long say(UUID session, String type, String content) throws Exception {
		return log.append(AppendRequest.of(session, type, "{\"content\":\"" + content + "\"}")).get().eventId();
	}

	private static List<Integer> lengths(UUID session, long asked, int maxCharacters) {
		return log.conversation(session, asked, 50, maxCharacters)
			.stream()
			.map((message) -> message.content().length())
			.toList();
	}

	@Test
	void aWriterThatIsFrozenBeforeItsCommitLosesItsLocks() throws Exception {
		UUID session = test.newSession("alice");
		QueuedAppend append = new QueuedAppend(AppendRequest.of(session, "never", "{}"), Long.MAX_VALUE);
		assertThatExceptionOfType(SQLException.class).isThrownBy(() -> test.database().inOwnTransaction((frozen) -> {
			TestLog.statement().execute(frozen, List.of(append), Locking.SKIP);
			// the row of the session is locked until Postgres has ended the transaction
			assertThat(test.log().append(AppendRequest.of(session, "after", "{}"))).succeedsWithin(20,
					TimeUnit.SECONDS);
			frozen.commit();
			return true;
		}));
		assertThat(test.log().read(session, 0, 10)).extracting(SessionEvent::type).containsExactly("after");
	}

	@Test
	void aFullLogRejectsAppendsUntilThereIsSpace() throws Exception {
		String url = TestLog.createDatabase();
		LogSettings small = new LogSettings(1, 10, 1000, 5, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofSeconds(10), 1000, 1000);
		try (TestLog tight = new TestLog(url, small, (pool) -> pool)) {
			List<UUID> sessions = List.of(tight.newSession("alice"), tight.newSession("bob"));
			try (Connection blocker = tight.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement().execute("lock table ws_events in access exclusive mode");
				List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
				for (int i = 0; i < 40; i++) {
					appends.add(tight.log().append(AppendRequest.of(sessions.get(i % 2), "a", "{}")));
				}
				List<CompletableFuture<AppendResult>> refused = appends.stream()
					.filter(CompletableFuture::isCompletedExceptionally)
					.toList();
				assertThat(refused).hasSizeBetween(25, 30);
				assertThatExceptionOfType(ExecutionException.class).isThrownBy(refused.get(0)::get)
					.withCauseInstanceOf(EventLogUnavailableException.class)
					.withMessageContaining("full");
				blocker.commit();
				for (CompletableFuture<AppendResult> append : appends) {
					if (!refused.contains(append)) {
						append.get(10, TimeUnit.SECONDS);
					}
				}
				assertThat(sessions.stream().mapToInt((session) -> tight.log().read(session, 0, 100).size()).sum())
					.isEqualTo(40 - refused.size());
			}
			assertThat(tight.log().append(AppendRequest.of(sessions.get(0), "a", "{}")).get().eventId()).isPositive();
		}
	}

	@Test
	void anExpiredAppendFailsAndIsNotStoredLater() throws Exception {
		String url = TestLog.createDatabase();
		LogSettings hasty = new LogSettings(1, 100, 10_000, 1, Duration.ofMillis(5), Duration.ofMillis(300),
				Duration.ofSeconds(10), 1000, 1000);
		try (TestLog tight = new TestLog(url, hasty, (pool) -> pool)) {
			UUID session = tight.newSession("alice");
			try (Connection blocker = tight.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement().execute("lock table ws_events in access exclusive mode");
				tight.log().append(AppendRequest.of(session, "in-flight", "{}"));
				CompletableFuture<AppendResult> late = tight.log().append(AppendRequest.of(session, "late", "{}"));
				assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> late.get(10, TimeUnit.SECONDS))
					.withCauseInstanceOf(EventLogUnavailableException.class);
				blocker.commit();
			}
			tight.log().append(AppendRequest.of(session, "after", "{}")).get();
			assertThat(tight.log().read(session, 0, 100)).extracting(SessionEvent::type).doesNotContain("late");
		}
	}

	@Test
	void aClosedLogStoresWaitingAppendsAndRejectsNewOnes() throws Exception {
		String url = TestLog.createDatabase();
		TestLog closing = new TestLog(url);
		UUID session = closing.newSession("alice");
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			appends.add(closing.log().append(AppendRequest.of(session, "a", "{}")));
		}
		EventLog log = closing.log();
		closing.close();
		assertThat(appends).allSatisfy((append) -> assertThat(append).isCompleted());
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(log.append(AppendRequest.of(session, "a", "{}"))::get)
			.withCauseInstanceOf(EventLogUnavailableException.class);
	}

	private boolean aWriterWaitsForALock() {
		return test.sql()
			.sql("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
			.query(Integer.class)
			.single() > 0;
	}

	private static ClaimedReply claimedReply(UUID session) throws Exception {
		log.append(AppendRequest.of(session, "user_message", "{}").once("alice", UUID.randomUUID()).askingForReply())
			.get();
		return test.leases().claim(ClaimRequest.ofSessions(1, session)).replies().get(0);
	}

	private static AppendRequest part(ClaimedReply claim, String type, boolean ends, @Nullable UUID replaces) {
		return new AppendRequest.ReplyEvent(claim.sessionId(), claim.messageId(), claim.inReplyTo(), claim.fence(),
				type, role(type, ends), replaces, AppendRequest.LateBound.of(() -> "{}"));
	}

	private static AppendRequest.Role role(String type, boolean ends) {
		if (ends) {
			return AppendRequest.Role.END;
		}
		return type.equals("assistant_delta") ? AppendRequest.Role.DELTA : AppendRequest.Role.PART;
	}

	static AppendRequest lateBound(UUID session, String type, Supplier<@Nullable String> payload) {
		return new AppendRequest.Event(session, type, AppendRequest.LateBound.of(payload));
	}

	private static List<String> payloads(UUID session) {
		List<String> payloads = new ArrayList<>();
		long cursor = 0;
		for (;;) {
			List<SessionEvent> page = log.read(session, cursor, 1000);
			if (page.isEmpty()) {
				return payloads;
			}
			page.forEach((event) -> payloads.add(event.payload()));
			cursor = page.get(page.size() - 1).id();
		}
	}

}
