package dev.resumablews.internal.http;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

import dev.resumablews.ClientTransport;
import dev.resumablews.CloseCode;
import dev.resumablews.internal.connection.ClientChannel;
import dev.resumablews.internal.protocol.EventStreamWriter;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.protocol.ServerMessage.Close;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * A channel of server-sent events. A client cannot answer on it, so what counts as its
 * sign of life is that it takes what is sent: a ping is a comment, and is answered when
 * the container has no bytes left of it or of anything before it. A planned end is
 * announced by a last message, as there is no close frame.
 */
final class EventStreamChannel implements ClientChannel {

	private static final Log logger = LogFactory.getLog(EventStreamChannel.class);

	private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

	private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);

	private static final int SHORTEST_RETRY = 1000;

	private static final int LONGEST_RETRY = 3000;

	private final AsyncBody body;

	private final FrameWriter writer;

	private final @Nullable LongPoll poll;

	/**
	 * Learns the numbers of the comments that were taken. Set before the first is sent.
	 */
	private volatile LongConsumer onTaken = (number) -> {
	};

	private volatile boolean finished;

	/**
	 * Creates a channel.
	 * @param writer writes the last message
	 * @param poll says when the response ends by itself; null if it does not
	 */
	EventStreamChannel(AsyncBody body, FrameWriter writer, @Nullable LongPoll poll) {
		this.body = body;
		this.writer = writer;
		this.poll = poll;
	}

	/**
	 * Sends the head of the response, and how long an {@code EventSource} waits before it
	 * reconnects: at random, so that clients do not come back in step.
	 * @param onTaken learns the numbers of the pings that count as answered
	 */
	void begin(LongConsumer onTaken) {
		this.onTaken = onTaken;
		int retry = ThreadLocalRandom.current().nextInt(SHORTEST_RETRY, LONGEST_RETRY);
		this.body.write(("retry: " + retry + "\n\n").getBytes(StandardCharsets.US_ASCII), (failure) -> {
		});
	}

	@Override
	public ClientTransport transport() {
		return (this.poll != null) ? ClientTransport.LONG_POLL : ClientTransport.SSE;
	}

	@Override
	public void send(String text, Consumer<@Nullable Throwable> done) {
		StringBuilder events = new StringBuilder(text.length() + 64);
		boolean said = false;
		int begin = 0;
		while (begin < text.length()) {
			int end = text.indexOf('\n', begin);
			String message = text.substring(begin, (end >= 0) ? end : text.length());
			EventStreamWriter.write(message, events);
			said |= !EventStreamWriter.isPreamble(message);
			begin += message.length() + 1;
		}
		if (this.poll != null) {
			this.poll.sent(text.length(), said);
		}
		this.body.write(events.toString().getBytes(StandardCharsets.UTF_8), done);
	}

	@Override
	public void ping(long number) {
		this.body.write(COMMENT, (failure) -> {
			if (failure == null) {
				this.onTaken.accept(number);
			}
		});
	}

	@Override
	public boolean isSated(boolean idle) {
		return this.poll != null && this.poll.isOver(idle);
	}

	@Override
	public void finish() {
		this.finished = true;
	}

	@Override
	public void ignoreInput() {
	}

	@Override
	public void close(CloseCode code, String reason) {
		if (!this.finished) {
			StringBuilder last = new StringBuilder();
			EventStreamWriter.write(this.writer.write(new Close(code.code(), reason)), last);
			this.body.write(last.toString().getBytes(StandardCharsets.UTF_8), (failure) -> {
			});
		}
		this.body.complete();
		awaitEnd();
	}

	@Override
	public void cut(CloseCode code) {
		this.body.abort();
	}

	private void awaitEnd() {
		try {
			this.body.end().get(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.trace("The last message was not taken yet", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
