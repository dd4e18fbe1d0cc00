package dev.resumablews.internal.handler;

import java.lang.reflect.Method;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.reply.JdbcReplyQueue;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.internal.reply.StoredMessageHandler;
import dev.resumablews.internal.workers.Workers;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.annotation.AnnotationTransactionAttributeSource;
import org.springframework.transaction.interceptor.TransactionAttribute;

/**
 * Calls the application's handler with stored user messages. Another node may have stored
 * the message, so it is read from the log and only the sender's id is available.
 */
final class UserMessageHandling implements StoredMessageHandler {

	private static final Log logger = LogFactory.getLog(UserMessageHandling.class);

	static final String TYPE = "user_message";

	/**
	 * Postgres treats read uncommitted as read committed.
	 */
	private static final Set<Integer> ISOLATIONS = Set.of(TransactionDefinition.ISOLATION_DEFAULT,
			TransactionDefinition.ISOLATION_READ_UNCOMMITTED, TransactionDefinition.ISOLATION_READ_COMMITTED);

	/**
	 * What joins the transaction that a handler is called in.
	 */
	private static final Set<Integer> JOINING = Set.of(TransactionDefinition.PROPAGATION_REQUIRED,
			TransactionDefinition.PROPAGATION_SUPPORTS, TransactionDefinition.PROPAGATION_MANDATORY,
			TransactionDefinition.PROPAGATION_NESTED);

	private static final JsonMapper JSON = JsonMapper.shared();

	private final Handlers handlers;

	private final EventLog log;

	private final IdempotentExecutor once;

	private final Supplier<@Nullable Workers> workers;

	/**
	 * Creates it.
	 * @param workers the handler threads; supplies null if the node has no endpoint
	 */
	UserMessageHandling(Handlers handlers, EventLog log, IdempotentExecutor once, Supplier<@Nullable Workers> workers) {
		this.handlers = handlers;
		this.log = log;
		this.once = once;
		this.workers = workers;
	}

	/**
	 * Refuses an isolation level that Spring would ignore, as the handler joins a
	 * transaction.
	 * @param method the handler's method
	 * @param type the class it is called on
	 * @param name what to call it
	 */
	static void checkIsolation(Method method, Class<?> type, String name) {
		TransactionAttribute declared = new AnnotationTransactionAttributeSource(false).getTransactionAttribute(method,
				type);
		if (declared != null && JOINING.contains(declared.getPropagationBehavior())
				&& !ISOLATIONS.contains(declared.getIsolationLevel())) {
			throw new ResumableWsConfigurationException(
					"%s declares a transaction (%s), but handlers of user messages are called in one that is read committed."
						.formatted(name, declared),
					"Remove the isolation level, or set the propagation to REQUIRES_NEW.");
		}
	}

	@Override
	public @Nullable String name() {
		Handlers.Handler handler = this.handlers.message(TYPE);
		return (handler != null) ? handler.name() : null;
	}

	@Override
	public Executor executor(String userId, Executor otherwise) {
		Workers workers = this.workers.get();
		return (workers != null) ? workers.handling().of(userId) : otherwise;
	}

	@Override
	public boolean handle(ClaimedReply claim) {
		Handlers.Handler handler = this.handlers.message(TYPE);
		ClientMessage message = read(claim);
		return this.once.run(new ReplyClaim(claim), () -> {
			if (handler != null && message != null) {
				handler.handle(message);
			}
		});
	}

	/**
	 * Returns the message.
	 * @return the message; null if it was removed
	 */
	private @Nullable ClientMessage read(ClaimedReply claim) {
		List<SessionEvent> events = this.log.read(claim.sessionId(), claim.inReplyTo() - 1, 1);
		if (events.isEmpty() || events.get(0).id() != claim.inReplyTo()) {
			logger.info("Message %d of session %s expired before it was handled".formatted(claim.inReplyTo(),
					claim.sessionId()));
			return null;
		}
		JsonNode payload = JSON.readTree(events.get(0).payload());
		return new ClientMessage(claim.sessionId(), new AuthenticatedUser(claim.userId(), null), null, TYPE,
				JsonNodeFactory.instance.objectNode().put("content", payload.path("content").asString("")),
				UUID.fromString(payload.path("idempotency_key").asString("")), claim.inReplyTo());
	}

	@Override
	public @Nullable MessageRejectedException rejection(Throwable failure) {
		return ClientFaults.rejection(failure);
	}

	@Override
	public void failed(String what, Throwable failure) {
		this.handlers.failures().log(TYPE, what, failure);
	}

	private record ReplyClaim(ClaimedReply claim) implements IdempotentExecutor.Claim {

		@Override
		public boolean holds(JdbcSession session) throws SQLException {
			return JdbcReplyQueue.holds(session, this.claim);
		}

		@Override
		public boolean end(JdbcSession session) throws SQLException {
			return JdbcReplyQueue.end(session, this.claim);
		}

	}

}
