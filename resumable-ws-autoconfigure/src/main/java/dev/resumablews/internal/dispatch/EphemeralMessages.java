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
 * Passes ephemeral client messages to the application's handlers: one at a time per user,
 * on dedicated threads. Messages that exceed the user's rate or the queue's limit are
 * dropped. Safe for use by many threads.
 */
final class EphemeralMessages {

	private static final Log logger = LogFactory.getLog(EphemeralMessages.class);

	/**
	 * Maximum number of queued messages of all users.
	 */
	private static final int MAX_WAITING = 10_000;

	/**
	 * Characters counted per message in addition to its text, so that a user's share also
	 * bounds the number of small messages.
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
	 * Queues a message for its handler, or drops it. Does not block.
	 * @param length the message's length
	 */
	void handle(MessageSender sender, Ephemeral frame, int length) {
		Handlers.Handler handler = this.handlers.ephemeral(frame.type());
		if (!sender.budget().tryConsume(Rate.EPHEMERAL, 1)) {
			sender.handled();
		}
		else if (handler == null) {
			sender.send(new ErrorMessage(ErrorCode.UNKNOWN_TYPE, "No handler for ephemeral message type '%s'"
				.formatted(ClientMessageDispatcher.abbreviate(frame.type())), null));
		}
		else {
			if (tryTake(sender, length)) {
				submit(handler, sender, frame, length);
			}
			// immediately, so that later messages of the same request do not wait for the
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
				logger.debug("Rejected an ephemeral message of sender %s".formatted(sender.id()), ex);
				sender.send(new ErrorMessage(ErrorCode.of(rejected), String.valueOf(rejected.getMessage()), null));
				return;
			}
			this.handlers.failures()
				.log(handler.type(), "Failed to handle an ephemeral message of sender %s".formatted(sender.id()), ex);
			sender.send(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

}
