package dev.resumablews.internal.dispatch;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionSettings;
import dev.resumablews.internal.protocol.ClientFrame.Ephemeral;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.MalformedFrameException;
import dev.resumablews.internal.protocol.Utf8;

/**
 * Receives the messages of one connection: joins fragments, applies the limits, parses
 * the messages and passes them to the dispatcher. Called by the container for one message
 * at a time.
 */
public final class ClientMessageReceiver {

	private final Connection connection;

	private final FrameReader reader;

	private final ConnectionSettings settings;

	private final ClientMessageDispatcher dispatcher;

	private final UserBudget budget;

	/**
	 * Fragments of an incomplete message, whose length is taken from the budget. Guarded
	 * by itself, because the connection may end concurrently.
	 */
	private final StringBuilder partial = new StringBuilder();

	private int kept;

	private boolean ended;

	private int malformedInARow;

	public ClientMessageReceiver(Connection connection, ConnectionSettings settings, DispatcherServices services) {
		this.connection = connection;
		this.reader = services.reader();
		this.settings = settings;
		this.dispatcher = new ClientMessageDispatcher(connection, services, settings);
		this.budget = connection.budget();
	}

	/**
	 * Receives a fragment of a message. Large messages arrive in fragments, so that the
	 * container does not need a buffer of their size per connection.
	 */
	public void receive(String piece, boolean last) {
		if (this.connection.closing() != null) {
			this.connection.ignored();
			return;
		}
		if (!isWithin(Rate.FRAMES, 1) || !isWithin(Rate.CHARACTERS, piece.length())) {
			return;
		}
		String text;
		synchronized (this.partial) {
			if (this.partial.length() + piece.length() > this.settings.maxMessageBytes()
					|| last && Utf8.length(this.partial) + Utf8.length(piece) > this.settings.maxMessageBytes()) {
				clear();
				this.connection.closeViolation(CloseCode.MESSAGE_TOO_BIG, "max_message_size");
				return;
			}
			if (!last) {
				keep(piece);
				return;
			}
			text = piece;
			if (!this.partial.isEmpty()) {
				text = this.partial.append(piece).toString();
				clear();
			}
		}
		receive(text);
	}

	/**
	 * Counts a frame that is not part of a message.
	 */
	public void receiveControl() {
		if (this.connection.closing() == null) {
			isWithin(Rate.FRAMES, 1);
		}
		else {
			this.connection.ignored();
		}
	}

	/**
	 * Starts processing the messages that are queued for the session. May be called by
	 * any thread.
	 */
	public void sessionOpened() {
		this.dispatcher.sessionOpened();
	}

	/**
	 * Discards the incomplete message, and the messages queued for a session that was
	 * never opened. May be called by any thread.
	 */
	public void end() {
		synchronized (this.partial) {
			clear();
			this.ended = true;
		}
		this.dispatcher.end();
	}

	private void keep(String piece) {
		if (this.ended) {
			return;
		}
		if (this.budget.tryTake(Share.WAITING_CHARACTERS, piece.length())) {
			this.partial.append(piece);
			this.kept += piece.length();
		}
		else {
			clear();
			this.connection.closeExceeded(Share.WAITING_CHARACTERS.reason());
		}
	}

	private void clear() {
		this.budget.giveBack(Share.WAITING_CHARACTERS, this.kept);
		this.kept = 0;
		this.partial.setLength(0);
		this.partial.trimToSize();
	}

	private void receive(String text) {
		try {
			ClientFrame frame = this.reader.read(text);
			// excess ephemeral messages are dropped and do not close the connection
			if (!(frame instanceof Ephemeral) && !isWithin(Rate.MESSAGES, 1)) {
				return;
			}
			this.malformedInARow = 0;
			if (!(frame instanceof Resume) || isWithin(Rate.RESUMES, 1)) {
				this.dispatcher.dispatch(frame, text.length());
			}
		}
		catch (MalformedFrameException ex) {
			if (!isWithin(Rate.MESSAGES, 1)) {
				return;
			}
			this.connection.send(ex.toError());
			if (++this.malformedInARow >= this.settings.maxMalformedMessages()) {
				this.connection.closeViolation(CloseCode.MALFORMED_MESSAGES, "max_malformed_messages");
			}
		}
	}

	/**
	 * Returns whether the user is within a rate limit, and closes the connection
	 * otherwise.
	 */
	private boolean isWithin(Rate rate, long amount) {
		if (this.budget.tryConsume(rate, amount)) {
			return true;
		}
		this.connection.closeExceeded(rate.reason());
		return false;
	}

}
