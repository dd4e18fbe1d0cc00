package dev.resumablews.internal.connection;

import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.budget.BudgetSettings;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.outbox.Outbox;
import dev.resumablews.internal.outbox.SendWindow;
import dev.resumablews.internal.protocol.FrameWriter;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the loop of a connection when threads are exhausted, a client does not read, or a
 * dependency throws an {@link Error}.
 */
class ConnectionLoopTests {

	private static final UserBudget UNLIMITED = new UserBudgets(new BudgetSettings(Map.of(), Map.of())).of("alice");

	private static final String LONG = "x".repeat(13_000);

	private final ConnectionState state = new ConnectionState();

	private final Sent sent = new Sent();

	private final List<CloseCode> ends = new ArrayList<>();

	@Test
	void aLoopWithoutAThreadRunsAtTheNextRetry() {
		AtomicBoolean exhausted = new AtomicBoolean(true);
		ConnectionLoop loop = loop((task) -> {
			if (exhausted.get()) {
				throw new OutOfMemoryError("unable to create native thread");
			}
			task.run();
		});
		this.state.open();
		loop.start(null);
		loop.offer("one");
		loop.retry();
		assertThat(this.sent.texts).isEmpty();
		exhausted.set(false);
		loop.offer("two");
		loop.retry();
		assertThat(this.sent.texts).containsExactly("one", "two");
		loop.offer("three");
		assertThat(this.sent.texts).containsExactly("one", "two", "three");
		assertThat(this.ends).isEmpty();
	}

	@Test
	void anErrorEndsTheConnection() {
		ConnectionLoop loop = loop(Runnable::run);
		this.state.open();
		loop.start(null);
		this.sent.failure = new NoSuchMethodError("send");
		loop.offer("one");
		assertThat(this.ends).containsExactly(CloseCode.INTERNAL_ERROR);
		assertThat(this.state.code()).isEqualTo(CloseCode.INTERNAL_ERROR);
	}

	@Test
	void messagesOfferedBeforeTheStartAreSentAfterTheFirstMessage() {
		ConnectionLoop loop = loop(Runnable::run);
		loop.offer("answer");
		assertThat(this.sent.texts).isEmpty();
		this.state.open();
		loop.offerFirst("init");
		loop.start(null);
		assertThat(this.sent.texts).containsExactly("init", "answer");
	}

	@Test
	void aPingAfterAFrameIsSentOnAThreadThatMayBlock() {
		List<Runnable> waiting = new ArrayList<>();
		ConnectionLoop loop = loop(Runnable::run, waiting::add);
		this.state.open();
		loop.start(null);
		loop.offer(LONG);
		loop.offer("two");
		assertThat(this.sent.texts).containsExactly(LONG);
		assertThat(loop.isSending()).isTrue();
		waiting.remove(0).run();
		assertThat(loop.isSending()).isFalse();
		assertThat(this.sent.pings).isEqualTo(1);
		assertThat(this.sent.texts).containsExactly(LONG, "two");
		assertThat(waiting).isEmpty();
	}

	@Test
	void aPingWithoutAThreadDelaysNothingAndIsSentLater() {
		AtomicBoolean exhausted = new AtomicBoolean(true);
		ConnectionLoop loop = loop(Runnable::run, (task) -> {
			if (exhausted.get()) {
				throw new RejectedExecutionException();
			}
			task.run();
		});
		this.state.open();
		loop.start(null);
		loop.offer(LONG);
		loop.offer("two");
		loop.retry();
		assertThat(this.sent.texts).containsExactly(LONG, "two");
		assertThat(this.sent.pings).isZero();
		exhausted.set(false);
		loop.retry();
		assertThat(this.sent.pings).isEqualTo(1);
		loop.retry();
		assertThat(this.sent.pings).isEqualTo(1);
	}

	@Test
	void aHeartbeatIsNotSentWhileAProbeIsUnanswered() {
		ConnectionLoop loop = loop(Runnable::run);
		this.state.open();
		loop.start(null);
		loop.ping();
		assertThat(this.sent.pings).isEqualTo(1);
		loop.offer(LONG);
		loop.ping();
		assertThat(this.sent.pings).isEqualTo(2);
		loop.pong(2);
		loop.ping();
		assertThat(this.sent.pings).isEqualTo(3);
	}

	@Test
	void aClientThatDoesNotReadIsClosedWhenItReadsAgain() {
		ConnectionLoop loop = loop(Runnable::run);
		this.state.open();
		loop.start(null);
		loop.offer(LONG);
		this.state.close(CloseCode.TRY_AGAIN_LATER);
		loop.wake();
		assertThat(this.ends).isEmpty();
		loop.pong(1);
		assertThat(this.ends).containsExactly(CloseCode.TRY_AGAIN_LATER);
	}

	@Test
	void aCloseForAnotherReasonDoesNotWaitForAPong() {
		ConnectionLoop loop = loop(Runnable::run);
		this.state.open();
		loop.start(null);
		loop.offer(LONG);
		this.state.close(CloseCode.RESTART);
		loop.wake();
		assertThat(this.ends).containsExactly(CloseCode.RESTART);
	}

	@Test
	void aSendThatTimesOutInTheContainerClosesWithTryAgainLater() {
		ConnectionLoop loop = loop(Runnable::run);
		this.state.open();
		loop.start(null);
		this.sent.result = new SocketTimeoutException();
		loop.offer("one");
		assertThat(this.state.code()).isEqualTo(CloseCode.TRY_AGAIN_LATER);
	}

	private ConnectionLoop loop(Executor threads) {
		return loop(threads, Runnable::run);
	}

	private ConnectionLoop loop(Executor threads, Executor patientThreads) {
		return new ConnectionLoop(UUID.randomUUID(), threads, patientThreads, System::nanoTime, this.sent, this.state,
				new SendWindow(65_536, Duration.ofSeconds(25)), false, Outbox.of(UNLIMITED, new FrameWriter()),
				this.ends::add);
	}

	/**
	 * A channel that accepts every message at once, or fails.
	 */
	private static final class Sent implements ClientChannel {

		private final List<String> texts = new ArrayList<>();

		private int pings;

		private @Nullable Error failure;

		private @Nullable Throwable result;

		@Override
		public void send(String text, Consumer<@Nullable Throwable> done) {
			if (this.failure != null) {
				throw this.failure;
			}
			this.texts.add(text);
			done.accept(this.result);
		}

		@Override
		public void ping(long number) {
			this.pings++;
		}

		@Override
		public void close(CloseCode code, String reason) {
		}

		@Override
		public void ignoreInput() {
		}

		@Override
		public void cut(CloseCode code) {
		}

	}

}
