package dev.resumablews.internal.http;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.SecurityEvent;
import dev.resumablews.internal.budget.Rate;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.dispatch.ClientMessageDispatcher;
import dev.resumablews.internal.dispatch.DispatcherServices;
import dev.resumablews.internal.dispatch.MessageBacklog;
import dev.resumablews.internal.handshake.Handshake;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.protocol.ClientFrame.Auth;
import dev.resumablews.internal.protocol.ClientFrame.Resume;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.MalformedFrameException;
import dev.resumablews.internal.protocol.MessageList;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage;
import dev.resumablews.internal.protocol.Utf8;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Processes a request with messages of an authenticated user:
 * <ol>
 * <li>the body is read, within limits,
 * <li>the session must belong to the user,
 * <li>the messages are processed one after the other, in the same way as on a connection,
 * <li>the response is sent when all messages are processed or the timeout expires.
 * Messages that have not been started by then are skipped.
 * </ol>
 */
final class MessageRequest implements RequestBody.Listener {

	/**
	 * Equal to the limit of queued messages on a connection.
	 */
	static final int MAX_MESSAGES = MessageBacklog.MAX_MESSAGES;

	private static final Log logger = LogFactory.getLog(MessageRequest.class);

	private final UUID id = UUID.randomUUID();

	private final MessagesEndpoint endpoint;

	private final Handshake handshake;

	private final UUID sessionId;

	private final UserBudget budget;

	private final HttpExchange exchange;

	/**
	 * Runs the processing of messages within the request's trace.
	 */
	private final Executor observed;

	private final List<@Nullable ServerMessage> answers = new ArrayList<>();

	/**
	 * Set once the body has been read.
	 */
	private volatile @Nullable MessageList messages;

	/**
	 * Characters taken from the budget. Guarded by this, because the request may end
	 * while its body is being read.
	 */
	private long kept;

	/**
	 * Guarded by this.
	 */
	private boolean released;

	private final AtomicReference<@Nullable HttpAnswer> refusal = new AtomicReference<>();

	/**
	 * Creates a request. Called by the thread that serves it.
	 */
	MessageRequest(MessagesEndpoint endpoint, Handshake handshake, UUID sessionId, UserBudget budget,
			HttpExchange exchange) {
		this.endpoint = endpoint;
		this.handshake = handshake;
		this.sessionId = sessionId;
		this.budget = budget;
		this.exchange = exchange;
		this.observed = endpoint.dispatcherServices().observations().current();
	}

	UUID id() {
		return this.id;
	}

	UUID sessionId() {
		return this.sessionId;
	}

	AuthenticatedUser user() {
		return this.handshake.user();
	}

	String userId() {
		return user().userId();
	}

	UserBudget budget() {
		return this.budget;
	}

	boolean isAnswered() {
		return this.exchange.isAnswered();
	}

	void report(Kind kind, String reason) {
		this.endpoint.services()
			.listener()
			.onSecurityEvent(new SecurityEvent(kind, userId(), this.handshake.remoteAddress(), reason));
	}

	@Override
	public synchronized boolean keeps(int length) {
		if (this.released || this.refusal.get() != null) {
			return false;
		}
		if (this.kept + length > this.endpoint.maxRequestBytes()) {
			this.refusal.set(HttpAnswer.text(413, "The request body is too large"));
			return false;
		}
		if (!this.budget.tryTake(Share.WAITING_CHARACTERS, length)) {
			this.refusal.set(exceeded(Share.WAITING_CHARACTERS.reason()));
			return false;
		}
		this.kept += length;
		return true;
	}

	@Override
	public void received(byte[] body, boolean complete) {
		HttpAnswer refused = complete ? take(body) : this.refusal.get();
		if (refused != null) {
			this.exchange.answer(refused);
			return;
		}
		this.exchange.handling();
		if (this.endpoint.connections().isHeld(this.sessionId, userId())) {
			next();
		}
		else {
			this.endpoint.services().workers().reading().execute(userId(), this::findSession);
		}
	}

	@Override
	public void overflowed() {
		HttpAnswer refused = this.refusal.get();
		this.exchange.answerAndCut((refused != null) ? refused : HttpAnswer.text(413, "The request body is too large"));
	}

	@Override
	public void failed(Throwable failure) {
		logger.debug("Failed to read a request with messages", failure);
	}

	/**
	 * Returns the response to send when the timeout expires.
	 */
	synchronized HttpAnswer timedOut() {
		MessageList all = this.messages;
		int count = (all != null) ? all.messages().size() : 0;
		List<@Nullable ServerMessage> known = new ArrayList<>(this.answers);
		while (known.size() < count) {
			known.add(new ErrorMessage(ErrorCode.UNAVAILABLE,
					"The message was not handled in time; send it again later", null));
		}
		return answer(known);
	}

	/**
	 * Returns what was taken from the budget. Called once, when the request has ended.
	 */
	synchronized void release() {
		this.released = true;
		this.budget.giveBack(Share.WAITING_CHARACTERS, this.kept);
	}

	private @Nullable HttpAnswer take(byte[] body) {
		MessageList list;
		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
			list = MessageList.split(text);
		}
		catch (CharacterCodingException ex) {
			return malformed(new ErrorMessage(ErrorCode.MALFORMED, "The messages are not valid UTF-8", null));
		}
		catch (MalformedFrameException ex) {
			return malformed(ex.toError());
		}
		int count = list.messages().size();
		if (count > MAX_MESSAGES) {
			return HttpAnswer.text(413, "The request has more than %d messages".formatted(MAX_MESSAGES));
		}
		long longest = this.endpoint.services().settings().maxMessageBytes();
		if (list.messages().stream().anyMatch((each) -> Utf8.length(each) > longest)) {
			return HttpAnswer.text(413, "A message is larger than %d bytes".formatted(longest));
		}
		if (!this.budget.tryConsume(Rate.MESSAGES, count)) {
			return exceeded(Rate.MESSAGES.reason());
		}
		if (!this.budget.tryConsume(Rate.CHARACTERS, body.length)) {
			return exceeded(Rate.CHARACTERS.reason());
		}
		this.messages = list;
		return null;
	}

	private HttpAnswer malformed(ErrorMessage error) {
		return HttpAnswer.json(400, this.endpoint.services().writer().write(error));
	}

	HttpAnswer exceeded(String limit) {
		report(Kind.LIMIT_EXCEEDED, limit);
		return HttpAnswer.later(429, "Limit exceeded: " + limit);
	}

	/**
	 * Blocks until Postgres answers.
	 */
	private void findSession() {
		try {
			this.endpoint.dispatcherServices().quota().prepare(this.budget);
			boolean found = this.endpoint.services()
				.log()
				.find(this.sessionId)
				.filter((session) -> session.userId().equals(userId()) && !session.closed())
				.isPresent();
			if (found) {
				nextSoon();
			}
			else {
				this.exchange.answer(HttpAnswer.json(404,
						this.endpoint.services().writer().write(RequestMessage.unknownSession(null))));
			}
		}
		catch (EventLogUnavailableException ex) {
			logger.debug("Failed to look up a session", ex);
			this.exchange.answer(HttpAnswer.later(503, "The session cannot be looked up right now"));
		}
		catch (Throwable ex) {
			logger.warn("Failed to look up a session", ex);
			this.exchange.answer(HttpAnswer.text(500, "Internal error"));
		}
	}

	/**
	 * Continues on another thread: the response may arrive on the thread of a log writer,
	 * which must not be blocked.
	 */
	private void nextSoon() {
		this.endpoint.services().workers().delivery().execute(this::next);
	}

	private void next() {
		MessageList all = this.messages;
		if (all == null || isAnswered()) {
			return;
		}
		int index;
		synchronized (this) {
			index = this.answers.size();
		}
		if (index == all.messages().size()) {
			this.exchange.answer(answer(this.answers));
			return;
		}
		try {
			handle(all.messages().get(index));
		}
		catch (Throwable ex) {
			LogContext.run(this.sessionId, this.id,
					() -> logger.warn("Failed to handle a message of request %s".formatted(this.id), ex));
			answered(new ErrorMessage(ErrorCode.FAILED, "The message could not be handled", null));
		}
	}

	private void handle(String text) {
		ClientFrame frame;
		try {
			frame = this.endpoint.dispatcherServices().reader().read(text);
		}
		catch (MalformedFrameException ex) {
			answered(ex.toError());
			return;
		}
		if (frame instanceof Resume || frame instanceof Auth) {
			answered(new ErrorMessage(ErrorCode.INVALID, "This message is only supported on a WebSocket", null));
			return;
		}
		DispatcherServices services = this.endpoint.dispatcherServices();
		RequestMessage sender = new RequestMessage(this, ClientMessageDispatcher.key(frame), this::answered);
		ClientMessageDispatcher dispatcher = new ClientMessageDispatcher(sender, services,
				this.endpoint.services().settings());
		dispatcher.sessionOpened();
		this.observed.execute(() -> dispatcher.dispatch(frame, text.length()));
	}

	private void answered(@Nullable ServerMessage answer) {
		synchronized (this) {
			this.answers.add(answer);
		}
		nextSoon();
	}

	private HttpAnswer answer(List<@Nullable ServerMessage> all) {
		MessageList list = this.messages;
		if (list == null || list.array()) {
			return HttpAnswer.json(200, all.stream().map(this::json).collect(Collectors.joining(",", "[", "]")));
		}
		ServerMessage only = all.get(0);
		if (only == null) {
			return HttpAnswer.json(204, "");
		}
		boolean unknown = only instanceof ErrorMessage error && error.code() == ErrorCode.UNKNOWN_SESSION;
		return HttpAnswer.json(unknown ? 404 : 200, json(only));
	}

	private String json(@Nullable ServerMessage message) {
		return (message != null) ? this.endpoint.services().writer().write(message) : "null";
	}

}
