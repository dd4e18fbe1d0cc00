package dev.resumablews.internal.http;

import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.connection.MessageSender;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage;
import org.jspecify.annotations.Nullable;

/**
 * A message received in a request, which waits for its response.
 */
final class RequestMessage implements MessageSender {

	private final MessageRequest request;

	private final @Nullable UUID key;

	private final Consumer<@Nullable ServerMessage> answer;

	private final AtomicBoolean answered = new AtomicBoolean();

	/**
	 * Creates a message.
	 * @param key its key, if it has one
	 * @param answer receives the response once; null if there is no content
	 */
	RequestMessage(MessageRequest request, @Nullable UUID key, Consumer<@Nullable ServerMessage> answer) {
		this.request = request;
		this.key = key;
		this.answer = answer;
	}

	@Override
	public UUID id() {
		return this.request.id();
	}

	@Override
	public UUID sessionId() {
		return this.request.sessionId();
	}

	@Override
	public AuthenticatedUser user() {
		return this.request.user();
	}

	@Override
	public String userId() {
		return this.request.userId();
	}

	@Override
	public UserBudget budget() {
		return this.request.budget();
	}

	@Override
	public boolean isClosing() {
		return this.request.isAnswered();
	}

	@Override
	public void send(ServerMessage message) {
		answer(message);
	}

	@Override
	public void handled() {
		answer(null);
	}

	@Override
	public void sessionEnded() {
		send(unknownSession(this.key));
	}

	@Override
	public void report(Kind kind, String reason) {
		this.request.report(kind, reason);
	}

	static ErrorMessage unknownSession(@Nullable UUID key) {
		return new ErrorMessage(ErrorCode.UNKNOWN_SESSION, "The user has no open session with this id", key);
	}

	private void answer(@Nullable ServerMessage message) {
		if (this.answered.compareAndSet(false, true)) {
			this.answer.accept(message);
		}
	}

}
