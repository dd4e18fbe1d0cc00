package dev.resumablews.internal.connection;

import java.time.Duration;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.MalformedFrameException;
import io.github.bucket4j.Bucket;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a client sends on one connection: joins the pieces of messages, applies the
 * limits, reads the messages and hands them to the dispatcher. Called by the container,
 * one message at a time.
 */
final class ClientMessageReceiver {

	/**
	 * A {@code resume} has the log read again, so that it counts as several messages.
	 */
	private static final int RESUME_COST = 10;

	private final Connection connection;

	private final FrameReader reader;

	private final ConnectionSettings settings;

	private final ClientMessageDispatcher dispatcher;

	private final StringBuilder partial = new StringBuilder();

	/**
	 * There is none before the first message: most connections only listen.
	 */
	private @Nullable Bucket rate;

	private int malformedInARow;

	ClientMessageReceiver(Connection connection, FrameReader reader, ConnectionSettings settings,
			ClientMessageDispatcher dispatcher) {
		this.connection = connection;
		this.reader = reader;
		this.settings = settings;
		this.dispatcher = dispatcher;
	}

	/**
	 * Takes a piece of a message. Large messages come in pieces, so that the container
	 * need not keep a buffer of their size for every connection.
	 */
	void receive(String piece, boolean last) {
		if (this.connection.closing() != null) {
			// it was not acknowledged, so the client sends it again on its next
			// connection
			return;
		}
		if (this.partial.length() + piece.length() > this.settings.maxMessageBytes()
				|| last && utf8Length(this.partial) + utf8Length(piece) > this.settings.maxMessageBytes()) {
			this.partial.setLength(0);
			this.connection.closeViolation(CloseCode.MESSAGE_TOO_BIG, "max-message-size");
			return;
		}
		if (!last) {
			this.partial.append(piece);
			return;
		}
		String text = this.partial.isEmpty() ? piece : this.partial.append(piece).toString();
		this.partial.setLength(0);
		this.partial.trimToSize();
		receive(text);
	}

	private void receive(String text) {
		if (!isWithinRate(1)) {
			this.connection.close(CloseCode.RATE_LIMITED);
			return;
		}
		try {
			ClientFrame frame = this.reader.read(text);
			this.malformedInARow = 0;
			if (frame instanceof Resume && !isWithinRate(Math.min(RESUME_COST, this.settings.messageBurst()) - 1)) {
				this.connection.close(CloseCode.RATE_LIMITED);
				return;
			}
			this.dispatcher.dispatch(frame, text.length());
		}
		catch (MalformedFrameException ex) {
			this.connection.tell(ex.toError());
			if (++this.malformedInARow >= this.settings.maxMalformedMessages()) {
				this.connection.closeViolation(CloseCode.MALFORMED_MESSAGES, "max-malformed-messages");
			}
		}
	}

	private boolean isWithinRate(int messages) {
		if (this.settings.messagesPerSecond() == 0 || messages == 0) {
			return true;
		}
		Bucket rate = this.rate;
		if (rate == null) {
			rate = bucket(this.settings);
			this.rate = rate;
		}
		return rate.tryConsume(messages);
	}

	private static long utf8Length(CharSequence text) {
		long length = 0;
		for (int i = 0; i < text.length(); i++) {
			char unit = text.charAt(i);
			length += (unit < 0x80) ? 1 : (unit < 0x800 || Character.isSurrogate(unit)) ? 2 : 3;
		}
		return length;
	}

	private static Bucket bucket(ConnectionSettings settings) {
		return Bucket.builder()
			.addLimit((limit) -> limit.capacity(settings.messageBurst())
				.refillGreedy(settings.messagesPerSecond(), Duration.ofSeconds(1)))
			.build();
	}

}
