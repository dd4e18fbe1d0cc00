package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

import dev.resumablews.CloseCode;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a connection's loop does when what it depends on throws an {@link Error}.
 */
class ConnectionLoopTests {

	private final ConnectionState state = new ConnectionState();

	private final Sent sent = new Sent();

	private final List<CloseCode> ends = new ArrayList<>();

	@Test
	void aLoopThatGetsNoThreadRunsWhenTheClockTriesAgain() {
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
	void whatIsOfferedBeforeTheLoopIsStartedIsSentAfterTheFirstMessage() {
		ConnectionLoop loop = loop(Runnable::run);
		loop.offer("answer");
		assertThat(this.sent.texts).isEmpty();
		this.state.open();
		loop.offerFirst("init");
		loop.start(null);
		assertThat(this.sent.texts).containsExactly("init", "answer");
	}

	private ConnectionLoop loop(Executor threads) {
		return new ConnectionLoop(threads, Runnable::run, System::nanoTime, this.sent, this.state,
				new SendWindow(65_536, Duration.ofSeconds(25)), false, this.ends::add);
	}

	/**
	 * A channel that takes everything at once, or fails.
	 */
	private static final class Sent implements WebSocketChannel {

		private final List<String> texts = new ArrayList<>();

		private @Nullable Error failure;

		@Override
		public void send(String text, Consumer<@Nullable Throwable> done) {
			if (this.failure != null) {
				throw this.failure;
			}
			this.texts.add(text);
			done.accept(null);
		}

		@Override
		public void ping(long number) {
		}

		@Override
		public void pingPatiently(long number) {
		}

		@Override
		public void close(CloseCode code) {
		}

		@Override
		public void cut(CloseCode code) {
		}

	}

}
