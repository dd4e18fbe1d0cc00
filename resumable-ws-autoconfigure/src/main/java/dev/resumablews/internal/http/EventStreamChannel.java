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
 * Channel for server-sent events. A client cannot answer on it, so accepting data serves
 * as its sign of life. A ping is a comment; it counts as answered once the container
 * holds no bytes of it or of earlier data. A planned close is announced by a last
 * message, because there are no close frames.
 */
final class EventStreamChannel implements ClientChannel {

	private static final Log logger = LogFactory.getLog(EventStreamChannel.class);

	private static final byte[] COMMENT = ":\n\n".getBytes(StandardCharsets.US_ASCII);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

	private static final int MIN_RETRY = 1000;

	private static final int MAX_RETRY = 3000;

	private final AsyncBody body;

	private final FrameWriter writer;

	private final @Nullable LongPoll poll;

	/**
	 * Receives the numbers of answered pings. Set before the first ping is sent.
	 */
	private volatile LongConsumer onTaken = (number) -> {
	};

	private volatile boolean finished;

	/**
	 * Creates a channel.
	 * @param writer writes the last message
	 * @param poll determines when the response ends; null for a stream
	 */
	EventStreamChannel(AsyncBody body, FrameWriter writer, @Nullable LongPoll poll) {
		this.body = body;
		this.writer = writer;
		this.poll = poll;
	}

	/**
	 * Sends the start of the response with the reconnection time of an
	 * {@code EventSource}, which is random so that clients do not reconnect at the same
	 * time.
	 * @param onTaken receives the numbers of answered pings
	 */
	void begin(LongConsumer onTaken) {
		this.onTaken = onTaken;
		int retry = ThreadLocalRandom.current().nextInt(MIN_RETRY, MAX_RETRY);
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
		boolean content = false;
		int begin = 0;
		while (begin < text.length()) {
			int end = text.indexOf('\n', begin);
			String message = text.substring(begin, (end >= 0) ? end : text.length());
			EventStreamWriter.write(message, events);
			content |= !EventStreamWriter.isPreamble(message);
			begin += message.length() + 1;
		}
		if (this.poll != null) {
			this.poll.sent(text.length(), content);
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
	public boolean isComplete(boolean idle) {
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
			this.body.end().get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.trace("The client has not accepted the last message yet", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
