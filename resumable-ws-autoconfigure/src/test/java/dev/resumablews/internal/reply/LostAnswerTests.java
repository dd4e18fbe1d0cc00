package dev.resumablews.internal.reply;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import dev.resumablews.internal.observation.Observations;
import javax.sql.DataSource;

import dev.resumablews.internal.budget.BudgetSettings;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests that every reply ends exactly once, for each statement of the reply queue whose
 * answer is lost, or that is lost itself.
 */
class LostAnswerTests {

	private static final Duration LONG = Duration.ofMinutes(1);

	private static final Duration LEASE = Duration.ofSeconds(2);

	private static final Predicate<String> CLAIM = (sql) -> sql.contains("attempts = r.attempts + 1");

	private static final Predicate<String> RENEW = (sql) -> sql.contains("renewed as");

	private static final Predicate<String> FIND_CANCELLED = (sql) -> sql
		.contains("cancelled_at is not null and node_id");

	private static final Predicate<String> CANCEL = (sql) -> sql.contains("wanted as");

	private static final Predicate<String> RELEASE = (sql) -> sql.contains("released as");

	private static final Predicate<String> READ = (sql) -> sql.contains("from ws_events") && !sql.contains("insert");

	private static String url;

	private final AtomicReference<Fault> fault = new AtomicReference<>();

	private final List<Sinks.Many<ReplyPart>> models = new CopyOnWriteArrayList<>();

	private final List<String> outcomes = new CopyOnWriteArrayList<>();

	private TestLog log;

	private UUID session;

	private ReplyScheduler replies;

	private UserMessages messages;

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@BeforeEach
	void open() {
		this.log = new TestLog(url, TestLog.settings(), FaultyDataSource::new);
		this.log.sql().sql("truncate ws_replies").update();
		this.session = this.log.newSession("ada");
		this.replies = scheduler();
		this.messages = new UserMessages(this.log.log(), this.replies,
				new UserBudgets(new BudgetSettings(Map.of(), Map.of())), Observations.NONE);
	}

	@AfterEach
	void close() {
		this.replies.stop();
		this.log.close();
	}

	@ParameterizedTest
	@EnumSource
	void aMessageIsAnsweredWithoutDelayWhenItsClaimIsLost(Lost lost) {
		this.replies.start();
		awaitFirstPoll();
		lose(CLAIM, lost);
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hello"));
		awaitFault();
		awaitModel(1).tryEmitComplete();
		assertAnswered("Hello");
	}

	@ParameterizedTest
	@EnumSource
	void aReplyOfADeadNodeIsTakenOverWhenTheClaimIsLost(Lost lost) {
		claimWithoutRunning(otherNode());
		lose(CLAIM, lost);
		this.replies.start();
		awaitFault();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(1).tryEmitComplete();
		assertAnswered("Hello");
	}

	@Test
	void aReplyWhoseOwnerDoesNotRunItIsClaimedAgain() {
		claimWithoutRunning(queue(this.log.node()));
		this.replies.start();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(1).tryEmitComplete();
		assertAnswered("Hello");
		UUID other = this.session;
		submit();
		awaitModel(2).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(2).tryEmitComplete();
		await().until(() -> types(other).stream().filter("assistant_message"::equals).count() == 2);
	}

	@ParameterizedTest
	@EnumSource
	void aReplyContinuesWhenARenewalIsLost(Lost lost) {
		this.replies.start();
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
		lose(RENEW, lost);
		awaitFault();
		await().until(() -> this.log.sql()
			.sql("select lease_until > created_at + interval '5 s' from ws_replies where session_id = ?")
			.param(this.session)
			.query(Boolean.class)
			.single());
		awaitModel(1).tryEmitNext(ReplyPart.text("lo"));
		awaitModel(1).tryEmitComplete();
		assertAnswered("Hello");
		assertThat(types(this.session)).containsExactly("user_message", "assistant_started", "assistant_message");
		assertThat(this.outcomes).doesNotContain("abandoned");
	}

	@ParameterizedTest
	@EnumSource
	void aReplyOfTheSameNodeIsCancelledEvenIfTheCancellationIsLost(Lost lost) {
		this.replies.start();
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
		UUID messageId = awaitStarted();
		lose(CANCEL, lost);
		assertThat(this.replies.cancel(this.session, "ada", messageId)).isTrue();
		assertCancelled();
	}

	@ParameterizedTest
	@EnumSource
	void aCancellationFromAnotherNodeIsRetriedWhenItIsLost(Lost lost) {
		this.replies.start();
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
		UUID messageId = awaitStarted();
		lose(CANCEL, lost);
		JdbcReplyQueue other = otherNode();
		assertThatExceptionOfType(EventLogUnavailableException.class)
			.isThrownBy(() -> other.cancel(this.session, "ada", messageId));
		assertThat(other.cancel(this.session, "ada", messageId)).isEqualTo(lost == Lost.STATEMENT);
		assertCancelled();
	}

	@ParameterizedTest
	@EnumSource
	void aCancellationFromAnotherNodeIsFoundWhenTheQueryForItIsLost(Lost lost) {
		this.replies.start();
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
		UUID messageId = awaitStarted();
		lose(FIND_CANCELLED, lost);
		assertThat(otherNode().cancel(this.session, "ada", messageId)).isTrue();
		assertCancelled();
	}

	@ParameterizedTest
	@EnumSource
	void aStoppingNodeHandsOverItsRepliesWhenTheReleaseIsLost(Lost lost) {
		this.replies.start();
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
		awaitStarted();
		lose(RELEASE, lost);
		this.replies.drain(Duration.ZERO);
		List<ClaimedReply> claimed = otherNode().claim(ClaimRequest.lapsed(10)).replies();
		assertThat(claimed).singleElement().satisfies((claim) -> assertThat(claim.attempts()).isEqualTo(1));
	}

	@ParameterizedTest
	@EnumSource
	void repliesClaimedTogetherBeginEvenIfOneOfThemCannot(Lost lost) {
		UUID cancelled = this.session;
		claimWithoutRunning(otherNode());
		assertThat(otherNode().cancel(cancelled, "ada", null)).isTrue();
		this.session = this.log.newSession("ada");
		claimWithoutRunning(otherNode());
		lose(READ, lost);
		this.replies.start();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(1).tryEmitComplete();
		assertAnswered("Hello");
		awaitFault();
		this.session = cancelled;
		assertCancelled();
		assertThat(types(cancelled)).doesNotContain("assistant_failed");
	}

	@Test
	void aReplyWhoseEndCannotBeStoredIsRestarted() {
		this.log.sql()
			.sql("create function refuse() returns trigger language plpgsql as "
					+ "$$ begin raise exception 'refused' using errcode = '22000'; end $$")
			.update();
		this.log.sql()
			.sql("create trigger refuse before insert on ws_events for each row "
					+ "when (new.type = 'assistant_message') execute function refuse()")
			.update();
		try {
			this.replies.start();
			submit();
			awaitModel(1).tryEmitNext(ReplyPart.text("Hel"));
			awaitModel(1).tryEmitComplete();
			awaitModel(2);
		}
		finally {
			this.log.sql().sql("drop function refuse cascade").update();
		}
		awaitModel(2).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(2).tryEmitComplete();
		assertAnswered("Hello");
	}

	private ReplyScheduler scheduler() {
		ResumableWsListener listener = new ResumableWsListener() {

			@Override
			public void onReplyEnded(String outcome, Duration duration) {
				LostAnswerTests.this.outcomes.add(outcome);
			}

		};
		ReplySettings settings = new ReplySettings(50, 1000, LONG, LONG, LONG, 10, ReplyLimits.NONE, 1000, true, LEASE,
				true, 10);
		return new ReplyScheduler(this.log.log(), queue(this.log.node()), NodeNotifier.none(), (request) -> {
			Sinks.Many<ReplyPart> model = Sinks.many().unicast().onBackpressureBuffer();
			this.models.add(model);
			return model.asFlux();
		}, settings, ReplyThreads::platform, listener, Observations.NONE);
	}

	private JdbcReplyQueue queue(NodeId node) {
		return new JdbcReplyQueue(this.log.database(), node, LEASE);
	}

	private JdbcReplyQueue otherNode() {
		return queue(new NodeId(UUID.randomUUID()));
	}

	private void submit() {
		this.messages.submit(this.session, "ada", "Hi", UUID.randomUUID()).orTimeout(10, TimeUnit.SECONDS).join();
	}

	/**
	 * Claims the reply to a message like a node that dies, or does not receive the answer
	 * to its claim.
	 */
	private void claimWithoutRunning(JdbcReplyQueue queue) {
		this.log.log().append(ReplySchedulerTests.question(this.session)).join();
		assertThat(queue.claim(ClaimRequest.ofSessions(1, this.session)).replies()).hasSize(1);
	}

	/**
	 * Waits until the scheduler has completed its first poll. Later replies are claimed
	 * by session.
	 */
	private void awaitFirstPoll() {
		submit();
		awaitModel(1).tryEmitNext(ReplyPart.text("Hello"));
		awaitModel(1).tryEmitComplete();
		await().until(() -> types(this.session).contains("assistant_message"));
		this.models.clear();
		this.session = this.log.newSession("ada");
	}

	private Sinks.Many<ReplyPart> awaitModel(int count) {
		await().until(() -> this.models.size() >= count);
		return this.models.get(count - 1);
	}

	private UUID awaitStarted() {
		await().until(() -> types(this.session).contains("assistant_delta"));
		return UUID.fromString(payload("assistant_started").path("message_id").asString());
	}

	private void awaitFault() {
		await().until(() -> this.fault.get() == null);
	}

	private void assertAnswered(String text) {
		await().until(() -> types(this.session).contains("assistant_message"));
		assertThat(payload("assistant_message").path("content").asString()).isEqualTo(text);
		assertEndsOnce();
	}

	private void assertCancelled() {
		await().until(() -> types(this.session).contains("assistant_message"));
		assertThat(payload("assistant_message").path("finish_reason").asString()).isEqualTo("cancelled");
		assertEndsOnce();
	}

	private void assertEndsOnce() {
		await().until(() -> this.log.sql()
			.sql("select count(*) from ws_replies where session_id = ?")
			.param(this.session)
			.query(Integer.class)
			.single() == 0);
		assertThat(types(this.session)).containsOnlyOnce("assistant_message").doesNotContain("assistant_failed");
	}

	private List<String> types(UUID session) {
		return this.log.sql()
			.sql("select type from ws_events where session_id = ? order by id")
			.param(session)
			.query(String.class)
			.list();
	}

	private JsonNode payload(String type) {
		SessionEvent found = this.log.log()
			.read(this.session, 0, 100)
			.stream()
			.filter((event) -> event.type().equals(type))
			.findFirst()
			.orElseThrow();
		return JsonMapper.shared().readTree(found.payload());
	}

	private void lose(Predicate<String> statement, Lost lost) {
		this.fault.set(new Fault(statement, lost));
	}

	private enum Lost {

		ANSWER, STATEMENT

	}

	private record Fault(Predicate<String> statement, Lost lost) {

	}

	/**
	 * Loses the next execution of a statement.
	 */
	private final class FaultyDataSource extends DelegatingDataSource {

		FaultyDataSource(DataSource target) {
			super(target);
		}

		@Override
		public Connection getConnection() throws SQLException {
			Connection connection = super.getConnection();
			return proxy(Connection.class, connection, (method, arguments, result) -> {
				if (method.equals("prepareStatement")) {
					return statement(connection, (String) arguments[0], (PreparedStatement) result.get());
				}
				return result.get();
			});
		}

		private PreparedStatement statement(Connection connection, String sql, PreparedStatement statement) {
			return proxy(PreparedStatement.class, statement, (method, arguments, result) -> {
				Fault next = LostAnswerTests.this.fault.get();
				if (method.startsWith("execute") && next != null && next.statement().test(sql)
						&& LostAnswerTests.this.fault.compareAndSet(next, null)) {
					if (next.lost() == Lost.ANSWER) {
						result.get();
					}
					connection.close();
					throw new SQLException("The connection is broken", "08006");
				}
				return result.get();
			});
		}

		private static <T> T proxy(Class<T> type, T target, Interceptor interceptor) {
			return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type },
					(proxy, method, arguments) -> interceptor.intercept(method.getName(), arguments, () -> {
						try {
							return method.invoke(target, arguments);
						}
						catch (InvocationTargetException ex) {
							throw ex.getCause();
						}
					})));
		}

	}

	@FunctionalInterface
	private interface Interceptor {

		Object intercept(String method, Object[] arguments, Result result) throws Throwable;

	}

	@FunctionalInterface
	private interface Result {

		Object get() throws Throwable;

	}

}
