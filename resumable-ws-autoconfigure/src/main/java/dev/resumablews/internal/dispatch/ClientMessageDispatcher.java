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
 * Does what the messages of one sender ask for, in their order:
 * <ol>
 * <li>a {@code ping} is answered at once, and an ephemeral message is handed on;
 * <li>what does not wait for anything is done on the container's thread, unless a message
 * before it still waits;
 * <li>what may wait (for Postgres, for the application and its codec, for the keys of an
 * issuer) is done by the threads of the handlers, and so is everything after it;
 * <li>while the session is being opened, all messages wait.
 * </ol>
 * What waits is bounded; beyond that a message is refused as {@code unavailable}.
 * <p>
 * Longer than most classes, since every kind of failure has its answer here.
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
	 * Handles the messages that wait for the session to be opened, and those that come.
	 */
	public void sessionOpened() {
		this.opened = true;
		this.waiting.resume();
	}

	/**
	 * Notes that the connection is gone. Messages that wait for a session which was never
	 * opened are dropped, and their room is released.
	 */
	void end() {
		this.waiting.resume();
	}

	/**
	 * Handles a message. Called by the container, one message at a time. Does not block.
	 * @param length the message's length
	 */
	public void dispatch(ClientFrame frame, int length) {
		if (frame instanceof Ping ping) {
			this.sender.tell(new Pong(ping.t()));
			return;
		}
		if (this.waiting.isIdle() && frame instanceof Resume resume) {
			if (!isTooLate()) {
				resume(resume);
			}
			return;
		}
		if (frame instanceof Ephemeral ephemeral) {
			if (!isTooLate()) {
				this.services.ephemerals().handle(this.sender, ephemeral, length);
			}
			return;
		}
		MessageObservation observed = this.services.observations().message(observedType(frame), this.sender.id());
		about(observed, () -> dispatch(frame, length, observed));
	}

	private void dispatch(ClientFrame frame, int length, MessageObservation observed) {
		Reservation room;
		boolean atOnce = this.waiting.isIdle() && !this.services.messages().mayBlock();
		boolean direct = atOnce && frame instanceof UserMessage;
		try {
			room = direct ? this.backlog.reserveToStore(length) : this.backlog.reserve(length);
		}
		catch (EventLogUnavailableException ex) {
			refuse(ex, key(frame), observed);
			return;
		}
		Supplier<CompletableFuture<Ack>> append = append(frame);
		if (append != null && direct) {
			store(frame, append, room, observed);
		}
		else if (append != null) {
			later(observed, () -> store(frame, append, room, observed));
		}
		else {
			later(observed, () -> {
				try {
					handle(frame, observed);
				}
				finally {
					room.release();
				}
			});
		}
	}

	/**
	 * Returns what appends a message to the log.
	 * @return checks and appends the message; null if such messages are not stored
	 */
	private @Nullable Supplier<CompletableFuture<Ack>> append(ClientFrame frame) {
		if (frame instanceof UserMessage message) {
			return () -> append(message);
		}
		RelayMessages relays = (frame instanceof Custom custom) ? relays(custom) : null;
		return (relays != null) ? () -> append((Custom) frame, relays) : null;
	}

	private void later(MessageObservation observed, Runnable task) {
		this.waiting.execute(() -> about(observed, task));
	}

	/**
	 * Runs what a message leads to. Its session is known when it is open.
	 */
	private void about(MessageObservation observed, Runnable task) {
		observed.run(this.opened ? this.sender.sessionId() : null, task);
	}

	/**
	 * Returns the type that a message is observed with: one that there is, since clients
	 * choose what they send.
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
		this.sender.tell(message);
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
		if (isTooLate()) {
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
			refuse(ex, key(frame), (frame instanceof Custom custom) ? custom.type() : frame.getClass().getSimpleName(),
					observed);
		}
	}

	/**
	 * Returns whether a message is dropped, which was not acknowledged, so that the
	 * client sends it again on its next connection.
	 */
	private boolean isTooLate() {
		return !this.opened || this.sender.isClosing();
	}

	private void resume(Resume resume) {
		connection().resume(resume.lastEventId(), resume.epoch());
	}

	/**
	 * Stores a message, to be answered, handled or forwarded when its turn has come.
	 * @param append checks the message and appends it
	 * @param room what was reserved for the message, kept until it is stored
	 */
	private void store(ClientFrame frame, Supplier<CompletableFuture<Ack>> append, Reservation room,
			MessageObservation observed) {
		CompletableFuture<Ack> stored;
		try {
			if (isTooLate()) {
				room.release();
				observed.end("dropped");
				return;
			}
			stored = append.get();
		}
		catch (Throwable ex) {
			room.release();
			refuse(ex, key(frame), observed);
			return;
		}
		stored.whenComplete((ack, failure) -> {
			room.release();
			if (failure != null) {
				refuse(rejected(failure), key(frame), observed);
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
					"A message of type '%s' needs an 'idempotency_key', a UUID, and a 'payload', an object"
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
					"No handler for messages of type '%s'".formatted(shown(custom.type())), key), observed);
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
				this.sender.tell(new AuthOk(user.expiresAt()));
			}
			else {
				refuseToken("another_user", "The token is another user's");
			}
		}
		catch (HandshakeAuthenticationException ex) {
			refuseToken("token", String.valueOf(ex.getMessage()));
		}
		catch (RuntimeException ex) {
			// its message may hold the token
			logger.warn("The token of an auth message of connection %s could not be checked: %s"
				.formatted(this.sender.id(), ex.getClass().getName()));
			logger.debug("A token could not be checked", ex);
			this.sender.tell(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

	private void refuseToken(String reason, String message) {
		this.sender.report(SecurityEvent.Kind.TOKEN_REFUSED, reason);
		this.sender.tell(new ErrorMessage(ErrorCode.UNAUTHORIZED, message, null));
	}

	/**
	 * A user message that Postgres cannot store is the fault of the client.
	 */
	private static Throwable rejected(Throwable failure) {
		Throwable cause = unwrapped(failure);
		return (cause instanceof IllegalArgumentException)
				? new MessageRejectedException(String.valueOf(cause.getMessage()), cause) : cause;
	}

	private static Throwable unwrapped(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

	private void refuse(Throwable thrown, @Nullable UUID key, MessageObservation observed) {
		refuse(thrown, key, "stored messages", observed);
	}

	/**
	 * Answers a message that was not handled.
	 * @param handled what handles it, for the log
	 */
	private void refuse(Throwable thrown, @Nullable UUID key, String handled, MessageObservation observed) {
		Throwable failure = unwrapped(thrown);
		about(observed, () -> refuseNamed(failure, key, handled, observed));
	}

	private void refuseNamed(Throwable failure, @Nullable UUID key, String handled, MessageObservation observed) {
		if (failure instanceof BudgetExceededException exceeded) {
			this.sender.report(SecurityEvent.Kind.LIMIT_EXCEEDED, exceeded.reason());
			answer(new ErrorMessage(ErrorCode.UNAVAILABLE, "Too much at once; send the message again later", key),
					observed);
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
			logger.warn(
					"A message of sender %s could not be stored: %s".formatted(this.sender.id(), failure.getMessage()));
			logger.debug("A message could not be encoded", failure);
			answer(new ErrorMessage(ErrorCode.FAILED, "The message could not be stored", key), observed);
		}
		else {
			refuseUnhandled(failure, key, handled, observed);
		}
	}

	private void refuseUnhandled(Throwable failure, @Nullable UUID key, String handled, MessageObservation observed) {
		MessageRejectedException rejected = ClientFaults.rejection(failure);
		if (rejected != null) {
			logger.debug("A message of sender %s is rejected".formatted(this.sender.id()), failure);
			answer(new ErrorMessage(ErrorCode.of(rejected), String.valueOf(rejected.getMessage()), key), observed);
			return;
		}
		observed.failed(failure);
		this.services.handlers()
			.failures()
			.log(handled, "A message of sender %s could not be handled".formatted(this.sender.id()), failure);
		answer(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", key), observed);
	}

	/**
	 * Returns the sender of what only makes sense on a connection, and is not taken from
	 * others.
	 */
	private Connection connection() {
		return (Connection) this.sender;
	}

	/**
	 * Returns the key of a message.
	 * @return the key; null if it has none
	 */
	public static @Nullable UUID key(ClientFrame frame) {
		if (frame instanceof UserMessage message) {
			return message.idempotencyKey();
		}
		return (frame instanceof Custom custom) ? custom.idempotencyKey() : null;
	}

	static String shown(String type) {
		return (type.length() <= 64) ? type : type.substring(0, 64) + "…";
	}

}
