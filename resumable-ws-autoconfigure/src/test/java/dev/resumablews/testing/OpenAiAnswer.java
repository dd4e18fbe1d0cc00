package dev.resumablews.testing;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * What {@link OpenAiStub} answers to a request: the pieces of a reply, and what goes
 * wrong while they are said. Immutable; each method returns a changed copy.
 *
 * @param status the HTTP status; other than 200 nothing but an error is said
 * @param retryAfter value of the {@code Retry-After} header
 * @param pieces the reply, piece by piece
 * @param finishReason why the reply ends
 * @param pause pause before each piece
 * @param gate gate that each piece passes
 * @param fault what goes wrong
 * @param faultAfter after how many pieces it goes wrong
 * @param rawType content type of a body that consists of the pieces as they are; null if
 * they are pieces of a reply
 */
public record OpenAiAnswer(int status, @Nullable String retryAfter, List<String> pieces, String finishReason,
		Duration pause, @Nullable Gate gate, Fault fault, int faultAfter, @Nullable String rawType) {

	/**
	 * What goes wrong with an answer.
	 */
	public enum Fault {

		/**
		 * Nothing does.
		 */
		NONE,

		/**
		 * The connection ends within the body.
		 */
		BREAK,

		/**
		 * Nothing is sent, not even the status, until the client goes or the stub is
		 * closed.
		 */
		SILENCE,

		/**
		 * Nothing further is said, until the client goes or the stub is closed.
		 */
		STALL,

		/**
		 * A chunk is not JSON; the others follow.
		 */
		MALFORMED_CHUNK

	}

	/**
	 * Creates an answer that says pieces as fast as it can.
	 * @param pieces the pieces
	 * @return the answer
	 */
	public static OpenAiAnswer of(List<String> pieces) {
		return new OpenAiAnswer(200, null, List.copyOf(pieces), "stop", Duration.ZERO, null, Fault.NONE, 0, null);
	}

	/**
	 * Creates an answer that says pieces as fast as it can.
	 * @param pieces the pieces
	 * @return the answer
	 */
	public static OpenAiAnswer of(String... pieces) {
		return of(List.of(pieces));
	}

	/**
	 * Creates an answer of many pieces that tell their number.
	 * @param count how many pieces
	 * @return the answer
	 */
	public static OpenAiAnswer ofPieces(int count) {
		return of(IntStream.range(0, count).mapToObj((i) -> "piece " + i + "; ").toList());
	}

	/**
	 * Creates an answer whose body is written as it is, for example the events of a
	 * stream, comments and all.
	 * @param contentType the content type
	 * @param writes parts of the body, each flushed by itself
	 * @return the answer
	 */
	public static OpenAiAnswer raw(String contentType, List<String> writes) {
		return new OpenAiAnswer(200, null, List.copyOf(writes), "", Duration.ZERO, null, Fault.NONE, 0, contentType);
	}

	/**
	 * Creates an answer that never comes.
	 * @return the answer
	 */
	public static OpenAiAnswer silence() {
		return of().failing(Fault.SILENCE, 0);
	}

	/**
	 * Creates an answer that refuses the request.
	 * @param status the HTTP status, such as 401, 429 or 500
	 * @return the answer
	 */
	public static OpenAiAnswer error(int status) {
		return new OpenAiAnswer(status, null, List.of(), "", Duration.ZERO, null, Fault.NONE, 0, null);
	}

	public OpenAiAnswer pacedBy(Duration pause) {
		return new OpenAiAnswer(this.status, this.retryAfter, this.pieces, this.finishReason, pause, this.gate,
				this.fault, this.faultAfter, this.rawType);
	}

	public OpenAiAnswer pacedBy(Gate gate) {
		return new OpenAiAnswer(this.status, this.retryAfter, this.pieces, this.finishReason, this.pause, gate,
				this.fault, this.faultAfter, this.rawType);
	}

	public OpenAiAnswer finishingWith(String finishReason) {
		return new OpenAiAnswer(this.status, this.retryAfter, this.pieces, finishReason, this.pause, this.gate,
				this.fault, this.faultAfter, this.rawType);
	}

	public OpenAiAnswer retryAfter(String retryAfter) {
		return new OpenAiAnswer(this.status, retryAfter, this.pieces, this.finishReason, this.pause, this.gate,
				this.fault, this.faultAfter, this.rawType);
	}

	public OpenAiAnswer breakingAfter(int pieces) {
		return failing(Fault.BREAK, pieces);
	}

	public OpenAiAnswer stallingAtTheEnd() {
		return stallingAfter(this.pieces.size());
	}

	public OpenAiAnswer stallingAfter(int pieces) {
		return failing(Fault.STALL, pieces);
	}

	public OpenAiAnswer malformedAfter(int pieces) {
		return failing(Fault.MALFORMED_CHUNK, pieces);
	}

	/**
	 * Returns all that is said.
	 * @return the pieces joined
	 */
	public String text() {
		return String.join("", this.pieces);
	}

	private OpenAiAnswer failing(Fault fault, int pieces) {
		return new OpenAiAnswer(this.status, this.retryAfter, this.pieces, this.finishReason, this.pause, this.gate,
				fault, pieces, this.rawType);
	}

}
