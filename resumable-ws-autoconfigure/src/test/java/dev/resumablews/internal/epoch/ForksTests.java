package dev.resumablews.internal.epoch;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ForksTests {

	private static final String A = "aaaaaaaaaaaa";

	private static final String B = "bbbbbbbbbbbb";

	private static final String C = "cccccccccccc";

	@Test
	void theSameHistoryIsSharedWithoutLimit() {
		assertThat(forks(A, 1).sharedWith(forks(A, 1))).isEqualTo(Long.MAX_VALUE);
		assertThat(Forks.NONE.sharedWith(Forks.NONE)).isEqualTo(Long.MAX_VALUE);
	}

	@Test
	void aContinuedHistoryIsSharedUpToTheFork() {
		assertShared(forks(A, 1), forks(A, 1, B, 11), 10);
		assertShared(forks(A, 1), forks(A, 1, B, 11, C, 20), 10);
		assertShared(forks(A, 1, B, 11), forks(A, 1, B, 11, C, 20), 19);
	}

	@Test
	void divergedHistoriesAreSharedUpToTheFirstFork() {
		assertShared(forks(A, 1, B, 6), forks(A, 1, C, 9), 5);
		assertShared(forks(A, 1, B, 9), forks(A, 1, C, 6), 5);
		assertShared(forks(A, 1), forks(C, 1), 0);
	}

	@Test
	void aSessionFromBeforeEpochsIsSharedUpToItsFirstFork() {
		assertShared(Forks.NONE, forks(A, 101), 100);
		assertShared(forks(A, 101), forks(B, 101), 100);
	}

	@Test
	void forgottenEpochsAreNotConsideredShared() {
		assertShared(forks("*", 101, C, 900), forks(A, 101, B, 200), 100);
		assertShared(forks("*", 101, B, 500), forks("*", 101, C, 900), 100);
		assertShared(forks("*", 101, C, 900), forks("*", 101, C, 900, A, 950), 949);
		assertShared(forks("*", 101, C, 900), forks(A, 101, B, 200, C, 900), Long.MAX_VALUE);
	}

	@Test
	void onlyTheFormatOfTheServerIsValid() {
		assertThat(Forks.isValid(A + ".1")).isTrue();
		assertThat(Forks.isValid("*.1-" + A + ".123456")).isTrue();
		for (String text : new String[] { "", "a.1", A, A + ".", A + ".1-", A + ".1 ", "-" + A + ".1",
				A + ".1234567890123456789", (A + ".1-").repeat(100) + A + ".1" }) {
			assertThat(Forks.isValid(text)).as(text).isFalse();
		}
	}

	private static void assertShared(Forks one, Forks other, long shared) {
		assertThat(one.sharedWith(other)).isEqualTo(shared);
		assertThat(other.sharedWith(one)).isEqualTo(shared);
	}

	private static Forks forks(Object... epochsAndIds) {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < epochsAndIds.length; i += 2) {
			text.append(text.isEmpty() ? "" : "-").append(epochsAndIds[i]).append('.').append(epochsAndIds[i + 1]);
		}
		return new Forks(text.toString());
	}

}
