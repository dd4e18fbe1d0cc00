package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.CloseCode;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.ClientFrame.Cancel;
import dev.resumablews.internal.protocol.ClientFrame.Custom;
import dev.resumablews.internal.protocol.ClientFrame.Ping;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.ClientFrame.UserMessage;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.MalformedFrameException;
import dev.resumablews.internal.protocol.ServerMessage.Ack;
import dev.resumablews.internal.protocol.ServerMessage.AuthOk;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage.Pong;
import io.github.bucket4j.Bucket;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * What a client sends on one connection. Called by the container, one message at a time.
 */
final class ClientMessageDispatcher {

	private static final Log logger = LogFactory.getLog(ClientMessageDispatcher.class);

	private final Connection connection;

	private final DispatcherServices services;

	private final ConnectionSettings settings;

	private final StringBuilder partial = new StringBuilder();

	/**
	 * There is none before the first message: most connections only listen.
	 */
	private @Nullable Bucket rate;

	private int malformedInARow;

	/**
	 * Done when the application has handled all user messages so far. Touched by the
	 * thread that writes the log.
	 */
	private CompletableFuture<Void> handled = CompletableFuture.completedFuture(null);

	ClientMessageDispatcher(Connection connection, DispatcherServices services, ConnectionSettings settings) {
		this.connection = connection;
		this.services = services;
		this.settings = settings;
	}

	/**
	 * Takes a piece of a message. Large messages come in pieces, so that the container
	 * need not keep a buffer of their size for every connection.
	 */
	void receive(String piece, boolean last) {
		this.connection.heard();
		if (this.connection.closing() != null) {
			// it was not acknowledged, so the client sends it again on its next
			// connection
			return;
		}
		if (this.partial.length() + piece.length() > this.settings.maxMessageBytes()
				|| last && utf8Length(this.partial) + utf8Length(piece) > this.settings.maxMessageBytes()) {
			this.partial.setLength(0);
			this.connection.close(CloseCode.MESSAGE_TOO_BIG);
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
		if (!isWithinRate()) {
			this.connection.close(CloseCode.RATE_LIMITED);
			return;
		}
		try {
			ClientFrame frame = this.services.reader().read(text);
			this.malformedInARow = 0;
			handle(frame);
		}
		catch (MalformedFrameException ex) {
			this.connection.tell(ex.toError());
			if (++this.malformedInARow >= this.settings.maxMalformedMessages()) {
				this.connection.close(CloseCode.MALFORMED_MESSAGES);
			}
		}
	}

	private boolean isWithinRate() {
		if (this.settings.messagesPerSecond() == 0) {
			return true;
		}
		Bucket rate = this.rate;
		if (rate == null) {
			rate = bucket(this.settings);
			this.rate = rate;
		}
		return rate.tryConsume(1);
	}

	private void handle(ClientFrame frame) {
		if (frame instanceof Ping ping) {
			this.connection.tell(new Pong(ping.t()));
		}
		else if (frame instanceof Resume resume) {
			this.connection.resume(resume.lastEventId());
		}
		else if (frame instanceof UserMessage message) {
			userMessage(message);
		}
		else if (frame instanceof Cancel cancel) {
			cancel(cancel);
		}
		else if (frame instanceof Auth auth) {
			authenticate(auth);
		}
		else if (frame instanceof Custom custom) {
			custom(custom);
		}
	}

	private void cancel(Cancel cancel) {
		try {
			this.services.replies().cancel(this.connection.sessionId(), this.connection.userId(), cancel.messageId());
		}
		catch (RuntimeException ex) {
			refuse(ex, null);
		}
	}

	private void userMessage(UserMessage message) {
		UUID key = message.idempotencyKey();
		CompletableFuture<AppendResult> answer = this.services.replies()
			.submit(this.connection.sessionId(), this.connection.userId(), message.content(), key,
					(stored) -> handOver(message, stored.eventId()));
		answer.whenComplete((appended, failure) -> {
			if (failure != null) {
				refuse(failure, key);
				return;
			}
			this.connection.tell(new Ack(key, appended.eventId(), appended.duplicate()));
		});
	}

	/**
	 * Gives a stored message to the application's handler, after those before it.
	 */
	private void handOver(UserMessage message, long eventId) {
		ClientMessageHandler handler = this.services.handlers().get("user_message");
		if (handler != null) {
			this.handled = this.handled.thenRunAsync(() -> handleStored(handler, message, eventId),
					this.services.handling());
		}
	}

	private void handleStored(ClientMessageHandler handler, UserMessage message, long eventId) {
		try {
			handler.handle(clientMessage("user_message",
					JsonNodeFactory.instance.objectNode().put("content", message.content()), message.idempotencyKey(),
					eventId));
		}
		catch (RuntimeException ex) {
			logger.warn("The application failed to handle user_message %d of session %s".formatted(eventId,
					this.connection.sessionId()), ex);
		}
	}

	private void custom(Custom custom) {
		UUID key = custom.idempotencyKey();
		ClientMessageHandler handler = this.services.handlers().get(custom.type());
		if (handler == null) {
			this.connection.tell(new ErrorMessage(ErrorCode.UNKNOWN_TYPE,
					"Nobody handles messages of type '%s'".formatted(shown(custom.type())), key));
			return;
		}
		ClientMessage message = clientMessage(custom.type(), custom.payload(), key, null);
		try {
			if (key == null) {
				handler.handle(message);
			}
			else {
				boolean first = this.services.once()
					.run(this.connection.sessionId(), this.connection.userId(), key, () -> handler.handle(message));
				this.connection.tell(new Ack(key, null, !first));
			}
		}
		catch (RuntimeException ex) {
			refuse(ex, key);
		}
	}

	private void authenticate(Auth auth) {
		try {
			AuthenticatedUser user = this.services.authenticator().authenticate(auth.token());
			if (user.userId().equals(this.connection.userId())) {
				this.connection.tokenExpiresAt(user.expiresAt());
				this.connection.tell(new AuthOk(user.expiresAt()));
			}
			else {
				this.connection.tell(new ErrorMessage(ErrorCode.UNAUTHORIZED, "The token is another user's", null));
			}
		}
		catch (HandshakeAuthenticationException ex) {
			this.connection.tell(new ErrorMessage(ErrorCode.UNAUTHORIZED, String.valueOf(ex.getMessage()), null));
		}
		catch (RuntimeException ex) {
			refuse(ex, null);
		}
	}

	private void refuse(Throwable thrown, @Nullable UUID key) {
		Throwable failure = (thrown instanceof CompletionException && thrown.getCause() != null) ? thrown.getCause()
				: thrown;
		if (failure instanceof EventLogUnavailableException) {
			this.connection.tell(new ErrorMessage(ErrorCode.UNAVAILABLE,
					"The message cannot be stored right now; send it again later", key));
		}
		else if (failure instanceof UnknownSessionException unknown
				&& unknown.getSessionId().equals(this.connection.sessionId())) {
			this.connection.close(CloseCode.DONE);
		}
		else if (failure instanceof IllegalArgumentException) {
			this.connection.tell(new ErrorMessage(ErrorCode.INVALID, String.valueOf(failure.getMessage()), key));
		}
		else {
			logger.warn("A message of session %s could not be handled".formatted(this.connection.sessionId()), failure);
			this.connection.tell(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", key));
		}
	}

	private ClientMessage clientMessage(String type, JsonNode payload, @Nullable UUID key, @Nullable Long eventId) {
		return new ClientMessage(this.connection.sessionId(), this.connection.userId(), this.connection.id(), type,
				payload, key, eventId);
	}

	private static String shown(String type) {
		return (type.length() <= 64) ? type : type.substring(0, 64) + "…";
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
