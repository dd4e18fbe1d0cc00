package dev.resumablews.internal.springai;

import okio.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * The chunks that the model's client reads. Successive texts become one chunk if they are
 * received together. Text that {@link DirectText} sends is held, up to a length, until
 * the next chunk that is not text. Used by one thread at a time.
 */
final class ClientChunks {

	/**
	 * Number of held characters that the client gets at once.
	 */
	static final int MAX_HELD = 16 * 1024;

	private final DirectText direct;

	private final Buffer buffer = new Buffer();

	private final StringBuilder text = new StringBuilder();

	private TextChunk.@Nullable Head head;

	private final StringBuilder held = new StringBuilder();

	private TextChunk.@Nullable Head heldHead;

	private boolean answered;

	ClientChunks(DirectText direct) {
		this.direct = direct;
	}

	/**
	 * Adds text that was received.
	 */
	void text(TextChunk chunk) {
		if (!chunk.head().equals(this.head)) {
			passText();
			this.head = chunk.head();
		}
		this.text.append(chunk.text());
	}

	/**
	 * Sends the added text, or passes it to the client.
	 */
	void passText() {
		TextChunk.Head head = this.head;
		if (head == null) {
			return;
		}
		this.answered = true;
		String text = this.text.toString();
		this.head = null;
		this.text.setLength(0);
		if (this.direct.send(head, text)) {
			this.heldHead = head;
			this.held.append(text);
			if (this.held.length() >= MAX_HELD) {
				passHeld();
			}
			return;
		}
		passHeld();
		this.direct.passesText(head, text.length());
		write(TextChunk.json(head, text));
	}

	/**
	 * Passes another chunk to the client, after all text.
	 */
	void other(String chunk) {
		passAll();
		this.answered = true;
		this.direct.passesOther();
		write(chunk);
	}

	/**
	 * Passes all text to the client.
	 */
	void passAll() {
		passText();
		passHeld();
	}

	/**
	 * Returns whether there was a chunk.
	 */
	boolean answered() {
		return this.answered;
	}

	boolean isEmpty() {
		return this.buffer.exhausted();
	}

	/**
	 * Reads chunks.
	 * @return the number of bytes
	 */
	long read(Buffer sink, long byteCount) {
		return this.buffer.read(sink, byteCount);
	}

	private void passHeld() {
		if (this.heldHead != null) {
			this.direct.repeatsText(this.held.length());
			write(TextChunk.json(this.heldHead, this.held));
			this.heldHead = null;
			this.held.setLength(0);
		}
	}

	private void write(String chunk) {
		this.buffer.writeUtf8("data: ").writeUtf8(chunk.replace("\n", "\ndata: ")).writeUtf8("\n\n");
	}

}
