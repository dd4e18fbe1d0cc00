package dev.resumablews.internal.dispatch;

import java.util.UUID;
import java.util.concurrent.Executor;

import dev.resumablews.ClientMessage;
import dev.resumablews.internal.dispatch.MessageBacklog.Reservation;
import dev.resumablews.internal.connection.MessageSender;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.observation.LogContext;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Hands the stored user messages of a sender to the application's handler, one after the
 * other. Safe for use by many threads.
 */
public final class UserMessageHandover {

	private static final Log logger = LogFactory.getLog(UserMessageHandover.class);

	private final MessageSender sender;

	private final Handlers.Handler handler;

	private final SerialExecutor executor;

	private UserMessageHandover(MessageSender sender, Handlers.Handler handler, Executor threads) {
		this.sender = sender;
		this.handler = handler;
		this.executor = new SerialExecutor(threads, false);
	}

	/**
	 * Returns what hands over the messages of a sender.
	 * @return the handover; null if no handler of the application takes them
	 */
	public static @Nullable UserMessageHandover of(MessageSender sender, DispatcherServices services) {
		Handlers.Handler handler = services.handlers().message("user_message");
		return (handler != null)
				? new UserMessageHandover(sender, handler, services.workers().handling().of(sender.userId())) : null;
	}

	/**
	 * Hands over a message after those before it. Does not block.
	 * @param room the room that was reserved for it
	 */
	void handOver(String content, UUID key, long eventId, Reservation room) {
		this.executor.execute(() -> {
			try {
				LogContext.run(this.sender.sessionId(), this.sender.id(), () -> handle(content, key, eventId));
			}
			finally {
				room.release();
			}
		});
	}

	private void handle(String content, UUID key, long eventId) {
		try {
			this.handler.handle(new ClientMessage(this.sender.sessionId(), this.sender.user(), this.sender.id(),
					this.handler.type(), JsonNodeFactory.instance.objectNode().put("content", content), key, eventId));
		}
		catch (Throwable ex) {
			logger.warn("The application failed to handle user_message %d of session %s".formatted(eventId,
					this.sender.sessionId()), ex);
		}
	}

}
