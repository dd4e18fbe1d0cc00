package dev.resumablews.testing;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * Answer of {@link OpenAiStub} to a request: the pieces of a reply, and a fault while
 * they are sent. Immutable; each method returns a changed copy.
 *
 * @param status the HTTP status; any other than 200 sends only an error
 * @param retryAfter the value of the {@code Retry-After} header
 * @param pieces the pieces of the reply
 * @param finishReason the finish reason of the reply
 * @param pause the pause before each piece
 * @param gate the gate that releases each piece
 * @param fault the fault
 * @param faultAfter the number of pieces before the fault
 * @param rawType the content type of a body that is the pieces without any change; null
 * if they are pieces of a reply
 */
public record OpenAiAnswer(int status, @Nullable String retryAfter, List<String> pieces, String finishReason,
		Duration pause, @Nullable Gate gate, Fault fault, int faultAfter, @Nullable String rawType) {

	/**
	 * A fault in an answer.
	 */
	public enum Fault {

		/**
		 * No fault.
		 */
		NONE,

		/**
		 * The connection ends within the body.
		 */
		BREAK,

		/**
		 * Nothing is sent, not even the status, until the client disconnects or the stub
		 * is closed.
		 */
		SILENCE,

		/**
		 * No further piece is sent until the client disconnects or the stub is closed.
		 */
		STALL,

		/**
		 * One chunk is not valid JSON; the others follow.
		 */
		MALFORMED_CHUNK

	}

	/**
	 * Creates an answer whose pieces are sent without pauses.
	 * @param pieces the pieces
	 * @return the answer
	 */
	public static OpenAiAnswer of(List<String> pieces) {
		return new OpenAiAnswer(200, null, List.copyOf(pieces), "stop", Duration.ZERO, null, Fault.NONE, 0, null);
	}

	/**
	 * Creates an answer whose pieces are sent without pauses.
	 * @param pieces the pieces
	 * @return the answer
	 */
	public static OpenAiAnswer of(String... pieces) {
		return of(List.of(pieces));
	}

	/**
	 * Creates an answer of many pieces that contain their index.
	 * @param count the number of pieces
	 * @return the answer
	 */
	public static OpenAiAnswer ofPieces(int count) {
		return of(IntStream.range(0, count).mapToObj((i) -> "piece " + i + "; ").toList());
	}

	/**
	 * Creates an answer with a raw body, for example the events and comments of a stream.
	 * @param contentType the content type
	 * @param writes the parts of the body, each flushed separately
	 * @return the answer
	 */
	public static OpenAiAnswer raw(String contentType, List<String> writes) {
		return new OpenAiAnswer(200, null, List.copyOf(writes), "", Duration.ZERO, null, Fault.NONE, 0, contentType);
	}

	/**
	 * Creates an answer that is never sent.
	 * @return the answer
	 */
	public static OpenAiAnswer silence() {
		return of().failing(Fault.SILENCE, 0);
	}

	/**
	 * Creates an answer that rejects the request.
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
	 * Returns the text of the reply.
	 * @return the joined pieces
	 */
	public String text() {
		return String.join("", this.pieces);
	}

	private OpenAiAnswer failing(Fault fault, int pieces) {
		return new OpenAiAnswer(this.status, this.retryAfter, this.pieces, this.finishReason, this.pause, this.gate,
				fault, pieces, this.rawType);
	}

}
