package dev.resumablews.internal.dispatch;

import java.util.concurrent.Semaphore;

import dev.resumablews.ClientMessage;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.connection.MessageSender;
import dev.resumablews.internal.handler.ClientFaults;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.observation.LogContext;
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

	private final Handlers handlers;

	private final FairExecutor threads;

	private final Semaphore room = new Semaphore(MAX_WAITING);

	EphemeralMessages(Handlers handlers, FairExecutor threads) {
		this.handlers = handlers;
		this.threads = threads;
	}

	/**
	 * Handles a message soon, or drops it. Does not block.
	 * @param length the message's length
	 */
	void handle(MessageSender sender, Ephemeral frame, int length) {
		Handlers.Handler handler = this.handlers.ephemeral(frame.type());
		if (!sender.budget().tryConsume(Rate.EPHEMERAL, 1)) {
			sender.handled();
		}
		else if (handler == null) {
			sender.tell(new ErrorMessage(ErrorCode.UNKNOWN_TYPE, "No handler for ephemeral messages of type '%s'"
				.formatted(ClientMessageDispatcher.shown(frame.type())), null));
		}
		else {
			if (tryTake(sender, length)) {
				submit(handler, sender, frame, length);
			}
			// at once, so that messages behind it in a request do not wait for the
			// handler
			sender.handled();
		}
	}

	private void submit(Handlers.Handler handler, MessageSender sender, Ephemeral frame, int length) {
		boolean submitted = false;
		try {
			this.threads.execute(sender.userId(), () -> {
				try {
					LogContext.run(sender.sessionId(), sender.id(), () -> call(handler, sender, frame));
				}
				finally {
					giveBack(sender, length);
				}
			});
			submitted = true;
		}
		finally {
			if (!submitted) {
				giveBack(sender, length);
			}
		}
	}

	private boolean tryTake(MessageSender sender, int length) {
		if (!this.room.tryAcquire()) {
			return false;
		}
		if (!sender.budget().tryTake(Share.EPHEMERAL_CHARACTERS, length + OVERHEAD)) {
			this.room.release();
			return false;
		}
		return true;
	}

	private void giveBack(MessageSender sender, int length) {
		sender.budget().giveBack(Share.EPHEMERAL_CHARACTERS, length + OVERHEAD);
		this.room.release();
	}

	private void call(Handlers.Handler handler, MessageSender sender, Ephemeral frame) {
		try {
			handler.handle(new ClientMessage(sender.sessionId(), sender.user(), sender.id(), frame.type(),
					frame.payload(), null, null));
		}
		catch (Throwable ex) {
			MessageRejectedException rejected = ClientFaults.rejection(ex);
			if (rejected != null) {
				logger.debug("An ephemeral message of %s is rejected".formatted(sender.id()), ex);
				sender.tell(new ErrorMessage(ErrorCode.of(rejected), String.valueOf(rejected.getMessage()), null));
				return;
			}
			this.handlers.failures()
				.log(handler.type(), "An ephemeral message of %s could not be handled".formatted(sender.id()), ex);
			sender.tell(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

}
