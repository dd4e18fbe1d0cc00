package dev.resumablews.internal.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class DefaultResumableSessionsTests {

	private static final int MAX_BYTES = 100;

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static TestLog test;

	private static ResumableSessions sessions;

	private UUID session;

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
		JsonMapper indenting = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
		sessions = test.sessions(indenting.writer().without(SerializationFeature.INDENT_OUTPUT), MAX_BYTES);
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newSession("alice");
	}

	@Test
	void dependentsOfAFutureCanPublishAndDoNotRunOnAWriter() throws Exception {
		List<String> threads = new CopyOnWriteArrayList<>();
		List<CompletableFuture<Void>> chained = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			chained.add(sessions.publishAsync(this.session, "first", Map.of()).thenAccept((id) -> {
				threads.add(Thread.currentThread().getName());
				sessions.publish(this.session, "then", Map.of());
			}));
		}
		assertThat(CompletableFuture.allOf(chained.toArray(CompletableFuture[]::new))).succeedsWithin(PATIENCE);
		assertThat(threads).noneMatch((name) -> name.startsWith("resumable-ws-log"));
		CompletableFuture<Long> failed = sessions.publishAsync(UUID.randomUUID(), "never", Map.of());
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> failed.get(20, TimeUnit.SECONDS))
			.withCauseInstanceOf(UnknownSessionException.class);
	}

	@Test
	void aWriterCannotWaitForItself() {
		CompletableFuture<AppendResult> written = test.log()
			.append(new AppendRequest.Event(this.session, "late", AppendRequest.LateBound.of(() -> {
				sessions.publish(this.session, "never", Map.of());
				return "{}";
			})));
		assertThat(written).failsWithin(PATIENCE)
			.withThrowableOfType(ExecutionException.class)
			.withCauseInstanceOf(IllegalStateException.class);
	}

	@Test
	void anUnpairedSurrogateIsReplacedBeforeTheEventIsMeasuredAndStored() {
		sessions.publish(this.session, "cut", Map.of("text", "\uD83D cut \uDE00 and \uD83D\uDE00"));
		String expected = "{\"text\":\"\uFFFD cut \uFFFD and \uD83D\uDE00\"}";
		assertThat(sessions.history(this.session, 0, 10)).extracting(SessionEvent::payload).containsExactly(expected);
		SessionFeed feed = test.feeds().join(this.session, () -> {
		});
		sessions.publish(this.session, "cut", Map.of("text", "\uD83D cut \uDE00 and \uD83D\uDE00"));
		assertThat(feed.after(1, Long.MAX_VALUE)).extracting((recent) -> recent.event().payload())
			.containsExactly(expected);
	}

	@Test
	void anEventIsStoredWhenPublishReturns() {
		sessions.publish(this.session, "order.shipped-2_B", Map.of("order", 7));
		SessionEvent event = sessions.history(this.session, 0, 10).get(0);
		assertThat(event.sessionId()).isEqualTo(this.session);
		assertThat(event.id()).isEqualTo(1);
		assertThat(event.type()).isEqualTo("order.shipped-2_B");
		assertThat(event.payload()).isEqualTo("{\"order\":7}");
	}

	@Test
	void asynchronousEventsAreStoredInOrderWhenTheirFuturesComplete() {
		List<CompletableFuture<Long>> published = new ArrayList<>();
		for (int i = 0; i < 500; i++) {
			published.add(sessions.publishAsync(this.session, "x", Map.of("n", i)));
		}
		for (int i = 0; i < published.size(); i++) {
			assertThat(published.get(i)).succeedsWithin(PATIENCE).isEqualTo(i + 1L);
		}
		assertThat(sessions.history(this.session, 0, 500)).extracting(SessionEvent::payload)
			.isEqualTo(IntStream.range(0, 500).mapToObj("{\"n\":%d}"::formatted).toList());
	}

	@Test
	void aFutureFailsForAnUnknownSession() {
		UUID nobodys = UUID.randomUUID();
		assertThat(sessions.publishAsync(nobodys, "x", Map.of())).failsWithin(PATIENCE)
			.withThrowableThat()
			.havingCause()
			.isInstanceOf(UnknownSessionException.class)
			.withMessageContaining(nobodys.toString());
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publishAsync(this.session, "No", Map.of()))
			.withMessageContaining("'No'");
	}

	@Test
	void recordsAndBeansBecomeObjects() {
		sessions.publish(this.session, "x", new Order(7, "7 \u00d7 \ud83d\ude00\n"));
		assertThat(payload()).isEqualTo("{\"id\":7,\"text\":\"7 \u00d7 \ud83d\ude00\\n\"}");
	}

	@Test
	void aPayloadIsOneLineWithEveryMapperOfTheApplication() {
		Map<String, Object> nested = new LinkedHashMap<>();
		nested.put("a", Map.of("b", List.of(1, 2)));
		sessions.publish(this.session, "x", nested);
		sessions.publish(this.session, "x", new Raw("{\n\"a\":\r\n1}"));
		assertThat(sessions.history(this.session, 0, 10)).extracting(SessionEvent::payload)
			.noneMatch((payload) -> payload.contains("\n") || payload.contains("\r"))
			.startsWith("{\"a\":{\"b\":[1,2]}}");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Upper", "1st", "with space", "line\nbreak", "\u00fcber", "session_init", "ack",
			"error", "pong", "replay_complete", "auth_ok", "server_restarting",
			"a0123456789012345678901234567890123456789012345678901234567890123" })
	void anInvalidTypeIsNamed(String type) {
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publish(this.session, type, Map.of()))
			.withMessageContaining("'" + type + "'");
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publishToUser("alice", type, Map.of()))
			.withMessageContaining("'" + type + "'");
		assertThat(sessions.history(this.session, 0, 10)).isEmpty();
	}

	@Test
	void theLongestTypeIsAccepted() {
		sessions.publish(this.session, "a".repeat(64), Map.of());
		assertThat(sessions.history(this.session, 0, 10)).hasSize(1);
	}

	@Test
	void aPayloadOtherThanAnObjectIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publish(this.session, "x", List.of(1)))
			.withMessageContaining("JSON object")
			.withMessageContaining("List");
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publish(this.session, "x", "text"))
			.withMessageContaining("java.lang.String");
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publish(this.session, "x", nothing()))
			.withMessageContaining("null");
	}

	@Test
	void aPayloadThatCannotBeSerializedIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.publish(this.session, "x", new Broken()))
			.withMessageContaining("cannot be written as JSON")
			.withMessageContaining("no value today");
	}

	@Test
	void theSizeIsMeasuredInBytes() {
		String just = "x".repeat(MAX_BYTES - "{\"a\":\"\"}".length());
		sessions.publish(this.session, "x", Map.of("a", just));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> sessions.publish(this.session, "x", Map.of("a", just + "x")))
			.withMessageContaining("101 bytes")
			.withMessageContaining("resumable-ws.log.max-event-size allows at most 100");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> sessions.publish(this.session, "x", Map.of("a", "\u00e9".repeat(60))))
			.withMessageContaining("128 bytes");
	}

	@Test
	void anUnknownOrClosedSessionIsNamed() {
		UUID unknown = UUID.randomUUID();
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> sessions.publish(unknown, "x", Map.of()))
			.withMessageContaining(unknown.toString());
		sessions.close(this.session);
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> sessions.publish(this.session, "x", Map.of()))
			.withMessageContaining(this.session.toString());
	}

	@Test
	void anEventForAUserIsPublishedToEachOpenSession() {
		String user = UUID.randomUUID().toString();
		UUID one = test.newSession(user);
		UUID two = test.newSession(user);
		UUID gone = test.newSession(user);
		sessions.close(gone);
		assertThat(sessions.publishToUser(user, "news", Map.of())).isEqualTo(2);
		assertThat(sessions.history(one, 0, 10)).hasSize(1);
		assertThat(sessions.history(two, 0, 10)).hasSize(1);
		assertThat(sessions.history(gone, 0, 10)).isEmpty();
		assertThat(sessions.publishToUser("nobody", "news", Map.of())).isZero();
	}

	@Test
	void aClosedSessionCanBeFound() {
		sessions.publish(this.session, "x", Map.of());
		SessionSummary found = sessions.find(this.session).orElseThrow();
		assertThat(found.sessionId()).isEqualTo(this.session);
		assertThat(found.userId()).isEqualTo("alice");
		assertThat(found.lastEventId()).isEqualTo(1);
		assertThat(found.closed()).isFalse();
		assertThat(found.lastActiveAt()).isAfterOrEqualTo(found.createdAt());
		sessions.close(this.session);
		assertThat(sessions.find(this.session).orElseThrow().closed()).isTrue();
		assertThat(sessions.find(UUID.randomUUID())).isEmpty();
	}

	@Test
	void openSessionsAreListedByMostRecentActivity() {
		String user = UUID.randomUUID().toString();
		UUID one = test.newSession(user);
		UUID two = test.newSession(user);
		UUID three = test.newSession(user);
		sessions.publish(one, "x", Map.of());
		sessions.close(two);
		assertThat(sessions.list(user, 10)).extracting(SessionSummary::sessionId).containsExactly(one, three);
		assertThat(sessions.list(user, 1)).extracting(SessionSummary::sessionId).containsExactly(one);
		assertThat(sessions.list("nobody", 10)).isEmpty();
	}

	@Test
	void historyIsReadAfterAnEvent() {
		for (int i = 0; i < 5; i++) {
			sessions.publish(this.session, "x", Map.of());
		}
		assertThat(sessions.history(this.session, 0, 3)).extracting(SessionEvent::id).containsExactly(1L, 2L, 3L);
		assertThat(sessions.history(this.session, 3, 1000)).extracting(SessionEvent::id).containsExactly(4L, 5L);
		assertThat(sessions.history(this.session, 5, 10)).isEmpty();
		assertThat(sessions.history(UUID.randomUUID(), 0, 10)).isEmpty();
	}

	@Test
	void invalidLimitsAreNamed() {
		for (int limit : new int[] { 0, -1, 1001 }) {
			assertThatIllegalArgumentException().isThrownBy(() -> sessions.history(this.session, 0, limit))
				.withMessageContaining("not " + limit);
			assertThatIllegalArgumentException().isThrownBy(() -> sessions.list("alice", limit))
				.withMessageContaining("not " + limit);
		}
		assertThatIllegalArgumentException().isThrownBy(() -> sessions.history(this.session, -7, 10))
			.withMessageContaining("-7");
	}

	@Test
	void aSessionIsClosedOnceAndItsReadersAreNotifiedOfItsEnd() {
		AtomicInteger woken = new AtomicInteger();
		SessionFeed feed = test.feeds().join(this.session, woken::incrementAndGet);
		sessions.publish(this.session, "tick", Map.of());
		assertThat(feed.endsAt(1)).isFalse();
		assertThat(woken).hasValue(1);
		assertThat(sessions.close(this.session)).isTrue();
		assertThat(woken).hasValue(2);
		assertThat(feed.endsAt(0)).isFalse();
		assertThat(feed.endsAt(1)).isTrue();
		assertThat(sessions.close(this.session)).isFalse();
		assertThat(sessions.close(UUID.randomUUID())).isFalse();
		assertThat(woken).hasValue(2);
	}

	private String payload() {
		return sessions.history(this.session, 0, 1).get(0).payload();
	}

	@SuppressWarnings("NullAway")
	private static Object nothing() {
		return null;
	}

	private record Order(int id, String text) {

	}

	private record Raw(@JsonRawValue String raw) {

	}

	static final class Broken {

		public String getValue() {
			throw new IllegalStateException("no value today");
		}

	}

}
