package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;

import dev.resumablews.ReplyPart;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReplyStateTests {

	private static final long BEGIN = 1000;

	private static final long FIRST_PART = Duration.ofMinutes(5).toNanos();

	private static final long IDLE = Duration.ofSeconds(60).toNanos();

	private static final long LONGEST = Duration.ofMinutes(10).toNanos();

	private static final long END_WAIT = ReplyState.END_WAIT.toNanos();

	private final ReplyState state = new ReplyState(
			new ReplySettings(50, 1000, Duration.ofNanos(FIRST_PART), Duration.ofNanos(IDLE), Duration.ofNanos(LONGEST),
					10, ReplyLimits.NONE, 100_000, true, Duration.ofSeconds(15), true, 3),
			BEGIN);

	@Test
	void moreIsRequestedWhenHalfOfTheDemandIsReceived() {
		subscribe();
		for (int i = 0; i < 15; i++) {
			assertThat(receive("x").demand()).isZero();
		}
		assertThat(receive("x").demand()).isEqualTo(16);
	}

	@Test
	void atMostOneDeltaIsQueued() {
		subscribe();
		assertThat(receive("").appendDelta()).isFalse();
		assertThat(receive("Hel").appendDelta()).isTrue();
		assertThat(receive("lo").appendDelta()).isFalse();
		assertThat(this.state.takeDelta()).isEqualTo(new ReplyText.Piece(0, "Hello"));
		assertThat(this.state.takeDelta()).isNull();
		assertThat(receive("!").appendDelta()).isTrue();
	}

	@Test
	void nothingIsRequestedWhileMuchTextWaitsToBeStored() {
		subscribe();
		assertThat(receive("x".repeat(ReplyState.MAX_WAITING)).demand()).isZero();
		for (int i = 1; i < 32; i++) {
			assertThat(receive("x").demand()).isZero();
		}
		assertThat(this.state.isOverdue(BEGIN + IDLE + 1)).isFalse();
		assertThat(this.state.takeDelta()).isNotNull();
		ReplyState.Next next = this.state.stored(BEGIN + IDLE + 1);
		assertThat(next.appendDelta()).isTrue();
		assertThat(next.demand()).isEqualTo(32);
		assertThat(this.state.isOverdue(BEGIN + 2 * IDLE)).isFalse();
		assertThat(this.state.isOverdue(BEGIN + 2 * IDLE + 2)).isTrue();
	}

	@Test
	void theFirstTextHasItsOwnTimeout() {
		this.state.called(BEGIN);
		assertThat(this.state.isOverdue(BEGIN + FIRST_PART)).isFalse();
		assertThat(this.state.isOverdue(BEGIN + FIRST_PART + 1)).isTrue();
		this.state.subscribed(BEGIN);
		this.state.received(ReplyPart.text(""), BEGIN + IDLE);
		assertThat(this.state.isOverdue(BEGIN + IDLE + FIRST_PART)).isFalse();
		this.state.received(ReplyPart.text("Hello"), BEGIN + FIRST_PART);
		assertThat(this.state.isOverdue(BEGIN + FIRST_PART + IDLE)).isFalse();
		assertThat(this.state.isOverdue(BEGIN + FIRST_PART + IDLE + 1)).isTrue();
	}

	@Test
	void aSignOfLifeExtendsTheIdleTimeoutButNotTheMaximumTime() {
		subscribe();
		receive("Hello");
		this.state.alive(BEGIN + IDLE);
		assertThat(this.state.isOverdue(BEGIN + 2 * IDLE)).isFalse();
		this.state.alive(BEGIN + LONGEST);
		assertThat(this.state.isOverdue(BEGIN + LONGEST)).isFalse();
		assertThat(this.state.isOverdue(BEGIN + LONGEST + 1)).isTrue();
	}

	@Test
	void afterTheFinishReasonTheTimeoutIsShort() {
		subscribe();
		receive("Hello");
		assertThat(this.state.isComplete()).isFalse();
		this.state.received(new ReplyPart("", "stop", Map.of()), BEGIN);
		assertThat(this.state.isComplete()).isTrue();
		this.state.received(new ReplyPart("", null, Map.of("total_tokens", 7L)), BEGIN + 1);
		assertThat(this.state.isOverdue(BEGIN + 1 + END_WAIT)).isFalse();
		assertThat(this.state.isOverdue(BEGIN + 2 + END_WAIT)).isTrue();
		assertThat(this.state.complete(null))
			.isEqualTo(new ReplyState.Whole("Hello", "stop", Map.of("total_tokens", 7L)));
	}

	@Test
	void anAnswerWithoutTextAndReasonIsEmpty() {
		subscribe();
		this.state.received(new ReplyPart("", null, Map.of("total_tokens", 7L)), BEGIN);
		assertThat(this.state.isEmpty()).isTrue();
		this.state.received(new ReplyPart("", "content_filter", Map.of()), BEGIN);
		assertThat(this.state.isEmpty()).isFalse();
	}

	@Test
	void aTextBeyondTheMaximumLengthIsCut() {
		subscribe();
		assertThat(receive("x".repeat(100_001))).isEqualTo(new ReplyState.Next(false, 0, true));
		assertThat(this.state.complete("length"))
			.isEqualTo(new ReplyState.Whole("x".repeat(100_000), "length", Map.of()));
	}

	@Test
	void aFailureLeavesEnoughDeltasForTheWholeText() {
		subscribe();
		receive("x".repeat(3 * ReplyState.MAX_DELTA));
		int deltas = this.state.fail();
		int stored = 0;
		for (int i = 0; i < deltas; i++) {
			ReplyText.Piece piece = this.state.takeDelta();
			stored += (piece != null) ? piece.content().length() : 0;
		}
		assertThat(stored).isEqualTo(3 * ReplyState.MAX_DELTA);
	}

	@Test
	void onlyTheFirstEndCounts() {
		subscribe();
		receive("Hello");
		assertThat(this.state.complete(null)).isEqualTo(new ReplyState.Whole("Hello", "stop", Map.of()));
		assertThat(this.state.complete("cancelled")).isNull();
		assertThat(this.state.fail()).isNegative();
		assertThat(this.state.abandon()).isFalse();
		assertThat(receive("more")).isEqualTo(ReplyState.Next.NOTHING);
		assertThat(this.state.stored(BEGIN)).isEqualTo(ReplyState.Next.NOTHING);
		assertThat(this.state.subscribed(BEGIN)).isZero();
		assertThat(this.state.takeDelta()).isNull();
	}

	@Test
	void anAbandonedReplyHasNothingLeftToStore() {
		subscribe();
		receive("Hello");
		assertThat(this.state.abandon()).isTrue();
		assertThat(this.state.takeDelta()).isNull();
	}

	private void subscribe() {
		this.state.called(BEGIN);
		assertThat(this.state.subscribed(BEGIN)).isEqualTo(32);
	}

	private ReplyState.Next receive(String text) {
		return this.state.received(ReplyPart.text(text), BEGIN);
	}

}
