package dev.resumablews.test.client;

import java.util.List;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that {@link ReplayedSession} reports nothing for a correct server, and each
 * violation of a faulty one.
 */
class ReplayedSessionTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final ReplayedSession session = new ReplayedSession();

	@Test
	void aCorrectServerHasNoViolations() {
		connected(false, 0);
		take("replay_complete", "'last_event_id': 0, 'count': 0");
		event(1, "user_message", "'content': 'Hi', 'idempotency_key': 'k'");
		take("ack", "'idempotency_key': 'k', 'event_id': 1");
		event(2, "assistant_started", "'message_id': 'm', 'in_reply_to': 1");
		event(3, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hel'");
		event(4, "assistant_delta", "'message_id': 'm', 'offset': 3, 'content': 'lo😀'");
		event(5, "assistant_delta", "'message_id': 'm', 'offset': 7, 'content': '!'");
		assertThat(this.session.text("m")).isEqualTo("Hello😀!");
		event(6, "assistant_message", "'message_id': 'm', 'content': 'Hello😀!', 'finish_reason': 'stop'");
		event(7, "order.paid", "'id': 7");
		assertThat(this.session.violations()).isEmpty();
		assertThat(this.session.hasEnded("m")).isTrue();
		assertThat(this.session.lastEventId()).isEqualTo(7);
		assertThat(this.session.events()).hasSize(7);
	}

	@Test
	void aReplayContinuesWhereTheLastConnectionEnded() {
		reply();
		connected(true, 5);
		replayed(4, "assistant_delta", "'message_id': 'm', 'offset': 3, 'content': 'lo'");
		replayed(5, "assistant_delta", "'message_id': 'm', 'offset': 5, 'content': '!'");
		take("replay_complete", "'last_event_id': 5, 'count': 2");
		assertThat(this.session.violations()).isEmpty();
		assertThat(this.session.text("m")).isEqualTo("Hello!");
		assertThat(this.session.isReplayComplete()).isTrue();
	}

	@Test
	void compactedDeltasAreAHoleUntilTheCompleteMessageArrives() {
		reply();
		connected(true, 8);
		replayed(6, "order.paid", "'id': 7");
		assertThat(this.session.violations()).containsExactly("events 4 to 5 are missing");
		replayed(8, "assistant_message", "'message_id': 'm', 'content': 'Hello!', 'finish_reason': 'stop'");
		assertThat(this.session.violations()).isEmpty();
		assertThat(this.session.text("m")).isEqualTo("Hello!");
	}

	@Test
	void mergedDeltasAreNotAHole() {
		reply();
		connected(true, 6);
		replayed(6, "assistant_delta", "'message_id': 'm', 'offset': 3, 'content': 'lo!'");
		take("replay_complete", "'last_event_id': 6, 'count': 1");
		event(7, "assistant_delta", "'message_id': 'm', 'offset': 6, 'content': '!'");
		assertThat(this.session.violations()).isEmpty();
		assertThat(this.session.text("m")).isEqualTo("Hello!!");
	}

	@Test
	void aDeltaThatIsTooShortHasNotMergedTheMissingOnes() {
		reply();
		event(6, "assistant_delta", "'message_id': 'm', 'offset': 3, 'content': 'lo'");
		assertOneViolation("events 4 to 5 are missing");
	}

	@Test
	void aDeltaThatRepeatsTextHasNotMergedTheMissingOnes() {
		reply();
		event(5, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hel'");
		assertOneViolation("events 4 to 4 are missing");
	}

	@Test
	void aMergedDeltaExplainsOnlyTheEventsRightBeforeItAndAfterTheStartOfItsReply() {
		connected(false, 0);
		event(1, "order.paid", "'id': 7");
		event(3, "assistant_started", "'message_id': 'm', 'in_reply_to': 1");
		event(5, "order.paid", "'id': 7");
		event(6, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hello!'");
		assertThat(this.session.violations()).containsExactly("events 2 to 2 are missing", "events 4 to 4 are missing");
	}

	@Test
	void aReplyDoesNotExplainAHoleBeforeItsStart() {
		connected(false, 0);
		event(1, "order.paid", "'id': 7");
		event(3, "assistant_started", "'message_id': 'm', 'in_reply_to': 1");
		event(4, "assistant_message", "'message_id': 'm', 'content': 'Hello!'");
		assertThat(this.session.violations()).containsExactly("events 2 to 2 are missing");
	}

	@Test
	void aTakeoverExplainsTheMissingDeltasOfTheInterruptedReply() {
		reply();
		event(6, "assistant_started", "'message_id': 'n', 'in_reply_to': 1, 'supersedes': 'm'");
		event(7, "assistant_message", "'message_id': 'n', 'content': 'Hello!'");
		assertThat(this.session.violations()).isEmpty();
	}

	@Test
	void aSessionThatCannotBeResumedStartsOver() {
		reply();
		this.session.connecting();
		take("session_init", "'session_id': 't', 'resumed': false, 'reason': 'unknown_session', 'last_event_id': 0,"
				+ " 'earliest_event_id': 1");
		event(1, "order.paid", "'id': 7");
		assertThat(this.session.resets()).containsExactly("unknown_session");
		assertThat(this.session.violations()).isEmpty();
		assertThat(this.session.sessionId()).isEqualTo("t");
		assertThat(this.session.events()).hasSize(1);
	}

	@Test
	void aTruncatedHistoryMayBeginAnywhere() {
		this.session.connecting();
		take("session_init", "'session_id': 's', 'resumed': false, 'last_event_id': 9, 'earliest_event_id': 8");
		replayed(8, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hel'");
		replayed(9, "assistant_message", "'message_id': 'm', 'content': 'Hello!'");
		assertThat(this.session.violations()).isEmpty();
	}

	@Test
	void repeatedAndMissingEventsAreReported() {
		reply();
		event(3, "order.paid", "'id': 7");
		assertOneViolation("event 3 after 3");
		event(2, "order.paid", "'id': 7");
		assertThat(this.session.violations()).hasSize(2);
		event(5, "order.paid", "'id': 7");
		assertThat(this.session.violations()).hasSize(3).last().asString().isEqualTo("events 4 to 4 are missing");
	}

	@Test
	void anEventFromBeforeTheCursorIsReported() {
		reply();
		connected(true, 3);
		replayed(3, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hel'");
		assertOneViolation("event 3 after 3");
	}

	@Test
	void invalidDeltasAreReported() {
		reply();
		event(4, "assistant_delta", "'message_id': 'm', 'offset': 1, 'content': 'el'");
		assertThat(this.session.violations()).isEmpty();
		event(5, "assistant_delta", "'message_id': 'm', 'offset': 1, 'content': 'al'");
		assertOneViolation("delta repeats other text than 'el'");
		event(6, "assistant_delta", "'message_id': 'm', 'offset': 4, 'content': 'o'");
		assertThat(this.session.violations()).hasSize(2).last().asString().startsWith("delta leaves a hole after 3");
		event(7, "assistant_delta", "'message_id': 'other', 'offset': 0, 'content': 'o'");
		assertThat(this.session.violations()).hasSize(3).last().asString().startsWith("reply was not started");
		assertThat(this.session.text("m")).isEqualTo("Hel");
	}

	@Test
	void invalidEndsOfRepliesAreReported() {
		reply();
		event(4, "assistant_message", "'message_id': 'm', 'content': 'Other'");
		assertOneViolation("whole message does not begin with 'Hel'");
		event(5, "assistant_failed", "'message_id': 'm', 'code': 'x', 'message': 'y'");
		assertThat(this.session.violations()).hasSize(2).last().asString().startsWith("second end");
		event(6, "assistant_delta", "'message_id': 'm', 'offset': 5, 'content': '!'");
		assertThat(this.session.violations()).hasSize(3).last().asString().startsWith("delta after the end");
	}

	@Test
	void aMessageThatWasStoredTwiceIsReported() {
		connected(false, 0);
		event(1, "user_message", "'content': 'Hi', 'idempotency_key': 'k'");
		event(2, "user_message", "'content': 'Hi', 'idempotency_key': 'k'");
		assertOneViolation("message k is event 1 and event 2");
	}

	@Test
	void aMessageThatWasAcknowledgedAsAnotherEventIsReported() {
		connected(false, 0);
		event(1, "user_message", "'content': 'Hi', 'idempotency_key': 'k'");
		take("ack", "'idempotency_key': 'k', 'event_id': 7");
		assertOneViolation("message k is event 1 and event 7");
	}

	@Test
	void invalidControlMessagesAreReported() {
		this.session.connecting();
		take("pong", "'t': 1");
		assertOneViolation("before session_init");
		connected(false, 1);
		event(1, "order.paid", "'id': 7");
		assertThat(this.session.violations()).hasSize(2).last().asString().startsWith("replay is false");
		take("replay_complete", "'last_event_id': 1, 'count': 1");
		assertThat(this.session.violations()).hasSize(3).last().asString().startsWith("replayed 0 events");
		take("replay_complete", "'last_event_id': 1, 'count': 0");
		assertThat(this.session.violations()).hasSize(4).last().asString().startsWith("second replay_complete");
		connected(true, 0);
		assertThat(this.session.violations()).hasSize(5).last().asString().startsWith("log ends before 1");
	}

	@Test
	void aSessionOtherThanTheResumedOneIsReported() {
		reply();
		this.session.connecting();
		take("session_init", "'session_id': 't', 'resumed': true, 'last_event_id': 3, 'earliest_event_id': 1");
		assertOneViolation("resumed another session than s");
	}

	private void reply() {
		connected(false, 0);
		event(1, "user_message", "'content': 'Hi', 'idempotency_key': 'k'");
		event(2, "assistant_started", "'message_id': 'm', 'in_reply_to': 1");
		event(3, "assistant_delta", "'message_id': 'm', 'offset': 0, 'content': 'Hel'");
	}

	private void connected(boolean resumed, long lastEventId) {
		this.session.connecting();
		take("session_init", "'session_id': 's', 'resumed': " + resumed + ", 'last_event_id': " + lastEventId
				+ ", 'earliest_event_id': 1");
	}

	private void event(long id, String type, String payload) {
		take(type, "'event_id': " + id + ", 'payload': {" + payload + "}, 'created_at': '2026-01-01T00:00:00Z'");
	}

	private void replayed(long id, String type, String payload) {
		take(type, "'event_id': " + id + ", 'payload': {" + payload
				+ "}, 'created_at': '2026-01-01T00:00:00Z', 'replay': true");
	}

	private void take(String type, String fields) {
		this.session.take(JSON.readTree(("{'type': '" + type + "', " + fields + "}").replace('\'', '"')));
	}

	private void assertOneViolation(String start) {
		List<String> violations = this.session.violations();
		assertThat(violations).hasSize(1);
		assertThat(violations.get(0)).startsWith(start);
	}

}
