package dev.resumablews.internal.dispatch;

import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SecurityEvent;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.connection.ConnectionSettings;
import dev.resumablews.internal.connection.Login;
import dev.resumablews.internal.dispatch.MessageBacklog.Reservation;
import dev.resumablews.internal.connection.MessageSender;
import dev.resumablews.internal.connection.StorageQuota;
import dev.resumablews.internal.connection.StorageQuotaExceededException;
import dev.resumablews.internal.handler.ClientFaults;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.observation.MessageObservation;
import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.ClientFrame.Cancel;
import dev.resumablews.internal.protocol.ClientFrame.Custom;
import dev.resumablews.internal.protocol.ClientFrame.Ephemeral;
import dev.resumablews.internal.protocol.ClientFrame.Ping;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.ClientFrame.UserMessage;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.ServerMessage;
import dev.resumablews.internal.protocol.ServerMessage.Ack;
import dev.resumablews.internal.protocol.ServerMessage.AuthOk;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage.Pong;
import dev.resumablews.internal.relay.RelayMessages;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Processes the messages of one sender in order:
 * <ol>
 * <li>a {@code ping} is answered immediately, and an ephemeral message is passed on
 * immediately;
 * <li>a message that cannot block is processed on the container's thread, unless an
 * earlier message is still queued;
 * <li>a message that may block (on Postgres, on application code, on the keys of an
 * issuer) is processed on a handler thread, and those queued after it follow it there;
 * <li>while the session is being opened, all messages are queued. Those that cannot block
 * then do not wait for a handler thread, which other handlers of the user may occupy.
 * </ol>
 * The queue is bounded; when it is full, messages are rejected as {@code unavailable}.
 * <p>
 * Longer than most classes, because every kind of failure has its own response here.
 */
public final class ClientMessageDispatcher {

	private static final Log logger = LogFactory.getLog(ClientMessageDispatcher.class);

	private final MessageSender sender;

	private final DispatcherServices services;

	private final MessageBacklog backlog;

	private final SerialExecutor waiting;

	private volatile boolean opened;

	public ClientMessageDispatcher(MessageSender sender, DispatcherServices services, ConnectionSettings settings) {
		this.sender = sender;
		this.services = services;
		this.backlog = new MessageBacklog(services.backlog(), sender.budget(), settings.maxMessageBytes());
		this.waiting = new SerialExecutor(services.workers().handling().of(sender.userId()), true);
	}

	/**
	 * Processes the queued messages and all further ones.
	 */
	public void sessionOpened() {
		this.opened = true;
		this.waiting.resume();
	}

	/**
	 * Releases the queue when the connection has ended. Messages queued for a session
	 * that was never opened are dropped.
	 */
	void end() {
		this.waiting.resume();
	}

	/**
	 * Processes a message. Called by the container for one message at a time. Does not
	 * block.
	 * @param length the message's length
	 */
	public void dispatch(ClientFrame frame, int length) {
		if (frame instanceof Ping ping) {
			this.sender.send(new Pong(ping.t()));
			return;
		}
		if (this.waiting.isIdle() && frame instanceof Resume resume) {
			if (!isDropped()) {
				resume(resume);
			}
			return;
		}
		if (frame instanceof Ephemeral ephemeral) {
			if (!isDropped()) {
				this.services.ephemerals().handle(this.sender, ephemeral, length);
			}
			return;
		}
		MessageObservation observed = this.services.observations().message(observedType(frame), this.sender.id());
		observe(observed, () -> dispatch(frame, length, observed));
	}

	private void dispatch(ClientFrame frame, int length, MessageObservation observed) {
		Reservation room;
		boolean mayBlock = this.services.messages().mayBlock();
		boolean direct = !mayBlock && this.waiting.isIdle() && frame instanceof UserMessage;
		try {
			room = direct ? this.backlog.reserveToStore(length) : this.backlog.reserve(length);
		}
		catch (EventLogUnavailableException ex) {
			reject(ex, key(frame), observed);
			return;
		}
		Supplier<CompletableFuture<Ack>> append = append(frame);
		if (append != null && direct) {
			store(frame, append, room, observed);
		}
		else if (append != null) {
			enqueue(observed, () -> store(frame, append, room, observed), mayBlock);
		}
		else {
			enqueue(observed, () -> {
				try {
					handle(frame, observed);
				}
				finally {
					room.release();
				}
			}, !(frame instanceof Resume));
		}
	}

	/**
	 * Returns the append of a message to the log.
	 * @return checks and appends the message; null if messages of its kind are not stored
	 */
	private @Nullable Supplier<CompletableFuture<Ack>> append(ClientFrame frame) {
		if (frame instanceof UserMessage message) {
			return () -> append(message);
		}
		RelayMessages relays = (frame instanceof Custom custom) ? relays(custom) : null;
		return (relays != null) ? () -> append((Custom) frame, relays) : null;
	}

	private void enqueue(MessageObservation observed, Runnable task, boolean mayBlock) {
		this.waiting.execute(() -> observe(observed, task), mayBlock);
	}

	/**
	 * Runs the processing of a message within its observation. The session is known once
	 * it is open.
	 */
	private void observe(MessageObservation observed, Runnable task) {
		observed.run(this.opened ? this.sender.sessionId() : null, task);
	}

	/**
	 * Returns the type under which a message is observed. Unknown types are combined,
	 * because clients can send any type.
	 * @return the type; null if such messages are not observed
	 */
	private @Nullable String observedType(ClientFrame frame) {
		if (frame instanceof UserMessage) {
			return "user_message";
		}
		if (frame instanceof Cancel) {
			return "cancel";
		}
		if (frame instanceof Custom custom) {
			boolean known = this.services.handlers().message(custom.type()) != null || relays(custom) != null;
			return known ? custom.type() : "unknown";
		}
		return null;
	}

	private void answer(ServerMessage message, MessageObservation observed) {
		this.sender.send(message);
		if (message instanceof Ack ack) {
			observed.end(ack.duplicate() ? "duplicate" : "ok");
		}
		else if (message instanceof ErrorMessage error) {
			observed.end(error.code().wireName());
		}
	}

	private void handled(MessageObservation observed) {
		this.sender.handled();
		observed.end("ok");
	}

	private void handle(ClientFrame frame, MessageObservation observed) {
		if (isDropped()) {
			observed.end("dropped");
			return;
		}
		try {
			if (frame instanceof Resume resume) {
				resume(resume);
			}
			else if (frame instanceof Cancel cancel) {
				this.services.replies().cancel(this.sender.sessionId(), this.sender.userId(), cancel.messageId());
				handled(observed);
			}
			else if (frame instanceof Auth auth) {
				authenticate(auth);
			}
			else if (frame instanceof Custom custom) {
				custom(custom, observed);
			}
		}
		catch (Throwable ex) {
			reject(ex, key(frame), (frame instanceof Custom custom) ? custom.type() : frame.getClass().getSimpleName(),
					observed);
		}
	}

	/**
	 * Returns whether the message is to be dropped. It is not acknowledged, so the client
	 * sends it again on its next connection.
	 */
	private boolean isDropped() {
		return !this.opened || this.sender.isClosing();
	}

	private void resume(Resume resume) {
		connection().resume(resume.lastEventId(), resume.epoch());
	}

	/**
	 * Stores a message. Its reply, handler or relay starts afterwards.
	 * @param append checks and appends the message
	 * @param room the reservation of the message, kept until it is stored
	 */
	private void store(ClientFrame frame, Supplier<CompletableFuture<Ack>> append, Reservation room,
			MessageObservation observed) {
		CompletableFuture<Ack> stored;
		try {
			if (isDropped()) {
				room.release();
				observed.end("dropped");
				return;
			}
			stored = append.get();
		}
		catch (Throwable ex) {
			room.release();
			reject(ex, key(frame), observed);
			return;
		}
		stored.whenComplete((ack, failure) -> {
			room.release();
			if (failure != null) {
				reject(rejected(failure), key(frame), observed);
			}
			else {
				answer(ack, observed);
			}
		});
	}

	private CompletableFuture<Ack> append(UserMessage message) {
		UUID key = message.idempotencyKey();
		return append(key, message.content().length(), () -> this.services.messages()
			.submit(this.sender.sessionId(), this.sender.userId(), message.content(), key));
	}

	private CompletableFuture<Ack> append(Custom custom, RelayMessages relays) {
		UUID key = custom.idempotencyKey();
		if (key == null || !custom.payload().isObject()) {
			throw new MessageRejectedException(
					"A message of type '%s' requires a UUID as 'idempotency_key' and an object as 'payload'"
						.formatted(custom.type()));
		}
		return append(key, custom.payload().toString().length(), () -> relays.submit(this.sender.sessionId(),
				this.sender.userId(), custom.type(), custom.payload(), key));
	}

	private CompletableFuture<Ack> append(UUID key, long length, Supplier<CompletableFuture<AppendResult>> submit) {
		StorageQuota quota = this.services.quota();
		if (quota.tryAdd(this.sender.budget(), length)) {
			return submit.get().thenApply((stored) -> new Ack(key, stored.eventId(), stored.duplicate()));
		}
		return quota.storedBefore(this.sender.sessionId(), this.sender.userId(), key)
			.thenApply((eventId) -> new Ack(key, eventId, true));
	}

	private @Nullable RelayMessages relays(Custom custom) {
		RelayMessages relays = this.services.relays();
		return (relays != null && relays.handles(custom.type())) ? relays : null;
	}

	private void custom(Custom custom, MessageObservation observed) {
		UUID key = custom.idempotencyKey();
		Handlers.Handler handler = this.services.handlers().message(custom.type());
		if (handler == null) {
			answer(new ErrorMessage(ErrorCode.UNKNOWN_TYPE,
					"No handler for message type '%s'".formatted(abbreviate(custom.type())), key), observed);
			return;
		}
		ClientMessage message = new ClientMessage(this.sender.sessionId(), this.sender.user(), this.sender.id(),
				custom.type(), custom.payload(), key, null);
		if (key == null) {
			handler.handle(message);
			handled(observed);
			return;
		}
		boolean first = this.services.once()
			.run(this.sender.sessionId(), this.sender.userId(), key, () -> handler.handle(message));
		answer(new Ack(key, null, !first), observed);
	}

	private void authenticate(Auth auth) {
		long began = System.nanoTime();
		try {
			AuthenticatedUser user = this.services.authenticator().authenticate(auth.token());
			if (user.userId().equals(this.sender.userId())) {
				connection().authenticated(new Login(user, began));
				this.sender.send(new AuthOk(user.expiresAt()));
			}
			else {
				rejectToken("another_user", "The token belongs to another user");
			}
		}
		catch (HandshakeAuthenticationException ex) {
			rejectToken("token", String.valueOf(ex.getMessage()));
		}
		catch (RuntimeException ex) {
			// its message may contain the token
			logger.warn("Failed to verify the token of an auth message on connection %s: %s".formatted(this.sender.id(),
					ex.getClass().getName()));
			logger.debug("Failed to verify a token", ex);
			this.sender.send(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

	private void rejectToken(String reason, String message) {
		this.sender.report(SecurityEvent.Kind.TOKEN_REFUSED, reason);
		this.sender.send(new ErrorMessage(ErrorCode.UNAUTHORIZED, message, null));
	}

	/**
	 * Converts a failure caused by content that Postgres cannot store, which is a client
	 * error.
	 */
	private static Throwable rejected(Throwable failure) {
		Throwable cause = unwrapped(failure);
		return (cause instanceof IllegalArgumentException)
				? new MessageRejectedException(String.valueOf(cause.getMessage()), cause) : cause;
	}

	private static Throwable unwrapped(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

	private void reject(Throwable thrown, @Nullable UUID key, MessageObservation observed) {
		reject(thrown, key, "stored messages", observed);
	}

	/**
	 * Responds to a message that was not processed.
	 * @param handled name of the failed handler, for the log
	 */
	private void reject(Throwable thrown, @Nullable UUID key, String handled, MessageObservation observed) {
		Throwable failure = unwrapped(thrown);
		observe(observed, () -> rejectNamed(failure, key, handled, observed));
	}

	private void rejectNamed(Throwable failure, @Nullable UUID key, String handled, MessageObservation observed) {
		if (failure instanceof BudgetExceededException exceeded) {
			this.sender.report(SecurityEvent.Kind.LIMIT_EXCEEDED, exceeded.reason());
			answer(new ErrorMessage(ErrorCode.UNAVAILABLE,
					"A limit of the user is exceeded; send the message again later", key), observed);
		}
		else if (failure instanceof StorageQuotaExceededException) {
			this.sender.report(SecurityEvent.Kind.LIMIT_EXCEEDED, StorageQuotaExceededException.REASON);
			answer(new ErrorMessage(ErrorCode.QUOTA_EXCEEDED, String.valueOf(failure.getMessage()), key), observed);
		}
		else if (failure instanceof EventLogUnavailableException) {
			observed.failed(failure);
			answer(new ErrorMessage(ErrorCode.UNAVAILABLE,
					"The message cannot be stored right now; send it again later", key), observed);
		}
		else if (failure instanceof UnknownSessionException unknown && this.opened
				&& unknown.getSessionId().equals(this.sender.sessionId())) {
			this.sender.sessionEnded();
			observed.end("session_ended");
		}
		else if (failure instanceof PayloadCodecException) {
			observed.failed(failure);
			logger.warn("Failed to store a message of sender %s: %s".formatted(this.sender.id(), failure.getMessage()));
			logger.debug("Failed to encode a message", failure);
			answer(new ErrorMessage(ErrorCode.FAILED, "The message could not be stored", key), observed);
		}
		else {
			rejectUnhandled(failure, key, handled, observed);
		}
	}

	private void rejectUnhandled(Throwable failure, @Nullable UUID key, String handled, MessageObservation observed) {
		MessageRejectedException rejected = ClientFaults.rejection(failure);
		if (rejected != null) {
			logger.debug("Rejected a message of sender %s".formatted(this.sender.id()), failure);
			answer(new ErrorMessage(ErrorCode.of(rejected), String.valueOf(rejected.getMessage()), key), observed);
			return;
		}
		observed.failed(failure);
		this.services.handlers()
			.failures()
			.log(handled, "Failed to handle a message of sender %s".formatted(this.sender.id()), failure);
		answer(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", key), observed);
	}

	/**
	 * Returns the sender of a message that is only valid on a connection.
	 */
	private Connection connection() {
		return (Connection) this.sender;
	}

	/**
	 * Returns the idempotency key of a message.
	 * @return the key; null if it has none
	 */
	public static @Nullable UUID key(ClientFrame frame) {
		if (frame instanceof UserMessage message) {
			return message.idempotencyKey();
		}
		return (frame instanceof Custom custom) ? custom.idempotencyKey() : null;
	}

	static String abbreviate(String type) {
		return (type.length() <= 64) ? type : type.substring(0, 64) + "…";
	}

}
