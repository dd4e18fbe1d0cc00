package dev.resumablews.internal.reply;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReplyTextTests {

	private static final String SMILE = "\uD83D\uDE00";

	private final ReplyText text = new ReplyText(10);

	@Test
	void waitingTextIsTakenAsOnePieceWithItsOffset() {
		this.text.add("ab");
		this.text.add("c");
		assertThat(this.text.take(100)).isEqualTo(new ReplyText.Piece(0, "abc"));
		assertThat(this.text.take(100)).isNull();
		this.text.add("d");
		assertThat(this.text.take(100)).isEqualTo(new ReplyText.Piece(3, "d"));
	}

	@Test
	void aSurrogatePairSplitOverPartsIsJoined() {
		this.text.add("a" + SMILE.charAt(0));
		assertThat(this.text.take(100)).isEqualTo(new ReplyText.Piece(0, "a"));
		this.text.add("");
		assertThat(this.text.untaken()).isZero();
		this.text.add(SMILE.charAt(1) + "b");
		assertThat(this.text.take(100)).isEqualTo(new ReplyText.Piece(1, SMILE + "b"));
	}

	@Test
	void aSurrogatePairIsNotSplitByTheLimitOfAPiece() {
		this.text.add("a" + SMILE + "b");
		assertThat(this.text.take(2)).isEqualTo(new ReplyText.Piece(0, "a"));
		assertThat(this.text.take(2)).isEqualTo(new ReplyText.Piece(1, SMILE));
		assertThat(this.text.take(2)).isEqualTo(new ReplyText.Piece(3, "b"));
	}

	@Test
	void unpairedSurrogatesAndNulAreReplaced() {
		this.text.add("" + SMILE.charAt(0));
		this.text.add("a" + SMILE.charAt(1) + "\0" + SMILE.charAt(0));
		this.text.end();
		assertThat(this.text.takeWhole()).isEqualTo("\uFFFDa\uFFFD\uFFFD\uFFFD");
	}

	@Test
	void textIsCutAtItsLimitButNotWithinASurrogatePair() {
		assertThat(this.text.add("0123456789")).isTrue();
		assertThat(this.text.add("0")).isFalse();
		assertThat(this.text.takeWhole()).isEqualTo("0123456789");
		ReplyText other = new ReplyText(10);
		assertThat(other.add("012345678" + SMILE)).isFalse();
		other.end();
		assertThat(other.takeWhole()).isEqualTo("012345678");
	}

}
