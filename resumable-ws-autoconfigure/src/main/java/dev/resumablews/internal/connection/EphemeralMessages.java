package dev.resumablews.internal.connection;

import java.util.Map;
import java.util.concurrent.Semaphore;

import dev.resumablews.ClientMessage;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.protocol.ClientFrame.Ephemeral;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Hands the ephemeral messages of clients to the application's handlers: those of a user
 * one after the other, on threads that nothing else needs. What exceeds the user's rate
 * is dropped, and so is what comes while too many wait. Safe for use by many threads.
 */
final class EphemeralMessages {

	private static final Log logger = LogFactory.getLog(EphemeralMessages.class);

	/**
	 * Messages of all users.
	 */
	private static final int MAX_WAITING = 10_000;

	/**
	 * What a message takes in addition to its text, so that a user's share bounds the
	 * number of small ones, too.
	 */
	private static final int OVERHEAD = 1024;

	private final Map<String, EphemeralMessageHandler> handlers;

	private final FairExecutor threads;

	private final Semaphore room = new Semaphore(MAX_WAITING);

	EphemeralMessages(Map<String, EphemeralMessageHandler> handlers, FairExecutor threads) {
		this.handlers = handlers;
		this.threads = threads;
	}

	/**
	 * Handles a message soon, or drops it. Does not block.
	 * @param length the message's length
	 */
	void handle(Connection connection, Ephemeral frame, int length) {
		if (!connection.isOpen() || !connection.budget().tryConsume(Rate.EPHEMERAL, 1)) {
			return;
		}
		EphemeralMessageHandler handler = this.handlers.get(frame.type());
		if (handler == null) {
			connection.tell(new ErrorMessage(ErrorCode.UNKNOWN_TYPE, "No ephemeral messages of type '%s' are allowed"
				.formatted(ClientMessageDispatcher.shown(frame.type())), null));
			return;
		}
		int size = length + OVERHEAD;
		if (!this.room.tryAcquire()) {
			return;
		}
		if (!connection.budget().tryTake(Share.EPHEMERAL_CHARACTERS, size)) {
			this.room.release();
			return;
		}
		boolean submitted = false;
		try {
			this.threads.execute(connection.userId(), () -> {
				try {
					call(handler, connection, frame);
				}
				finally {
					release(connection, size);
				}
			});
			submitted = true;
		}
		finally {
			if (!submitted) {
				release(connection, size);
			}
		}
	}

	private void release(Connection connection, int size) {
		connection.budget().giveBack(Share.EPHEMERAL_CHARACTERS, size);
		this.room.release();
	}

	private static void call(EphemeralMessageHandler handler, Connection connection, Ephemeral frame) {
		if (connection.closing() != null) {
			return;
		}
		try {
			handler.handle(new ClientMessage(connection.sessionId(), connection.userId(), connection.id(), frame.type(),
					frame.payload(), null, null));
		}
		catch (MessageRejectedException ex) {
			connection.tell(new ErrorMessage(ErrorCode.INVALID, String.valueOf(ex.getMessage()), null));
		}
		catch (Throwable ex) {
			logger.warn("An ephemeral message of connection %s could not be handled: %s".formatted(connection.id(),
					ex.getClass().getName()));
			logger.debug("An ephemeral message could not be handled", ex);
			connection.tell(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

}
