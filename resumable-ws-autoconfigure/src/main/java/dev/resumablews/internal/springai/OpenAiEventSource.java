package dev.resumablews.internal.springai;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.reply.NoAnswerException;
import okio.Buffer;
import okio.BufferedSource;
import okio.ByteString;
import okio.Source;
import okio.Timeout;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Source of the server-sent events of an answer, made from those that the server sends:
 * <ol>
 * <li>Chunks are repaired, so that the client can read them.
 * <li>The events end with {@code [DONE]}, whatever follows it.
 * <li>After a finish reason, the rest is waited for only for a short time, and a failure
 * is the end.
 * <li>A response without a single chunk is a failure.
 * <li>All bytes are signs of life.
 * </ol>
 * Used by one thread at a time.
 */
final class OpenAiEventSource implements Source {

	/**
	 * How long token counts and {@code [DONE]} are waited for after the finish reason.
	 */
	static final Duration END_WAIT = Duration.ofSeconds(2);

	private static final Log logger = LogFactory.getLog(OpenAiEventSource.class);

	private static final long READ_SIZE = 8 * 1024;

	/**
	 * Length of the longest event; an image or a sound is the longest that is sensible.
	 */
	private static final int MAX_EVENT = 16 * 1024 * 1024;

	private static final ByteString LINE_ENDS = ByteString.encodeUtf8("\r\n");

	private final BufferedSource upstream;

	private final @Nullable String contentType;

	private final OpenAiCall call;

	private final OpenAiChunks chunks = new OpenAiChunks();

	private final Buffer received = new Buffer();

	private final Buffer repaired = new Buffer();

	private final StringBuilder data = new StringBuilder();

	private String event = "";

	private boolean hasData;

	private boolean afterCarriageReturn;

	/**
	 * How many of the received bytes hold no end of a line.
	 */
	private long searched;

	private boolean waitsForEnd;

	private boolean answered;

	private boolean over;

	OpenAiEventSource(BufferedSource upstream, @Nullable String contentType, OpenAiCall call) {
		this.upstream = upstream;
		this.contentType = contentType;
		this.call = call;
	}

	@Override
	public long read(Buffer sink, long byteCount) throws IOException {
		while (this.repaired.exhausted() && !this.over) {
			receive();
		}
		return this.repaired.exhausted() ? -1 : this.repaired.read(sink, byteCount);
	}

	@Override
	public Timeout timeout() {
		return this.upstream.timeout();
	}

	@Override
	public void close() throws IOException {
		this.over = true;
		this.upstream.close();
	}

	private void receive() throws IOException {
		long read;
		try {
			read = this.upstream.read(this.received, READ_SIZE);
		}
		catch (IOException ex) {
			if (!this.chunks.complete() && !this.call.isCancelled()) {
				throw ex;
			}
			logger.debug("Ignored, because the answer was complete or cancelled", ex);
			end();
			return;
		}
		if (read == -1) {
			line(this.received.readUtf8());
			dispatch();
			end();
			return;
		}
		this.call.alive();
		lines();
	}

	private void lines() throws IOException {
		while (!this.over) {
			if (this.afterCarriageReturn && !this.received.exhausted()) {
				this.afterCarriageReturn = false;
				if (this.received.getByte(0) == '\n') {
					this.received.skip(1);
				}
			}
			long end = this.received.indexOfElement(LINE_ENDS, this.searched);
			if (end == -1) {
				this.searched = this.received.size();
				requireLength(this.searched);
				return;
			}
			this.searched = 0;
			String line = this.received.readUtf8(end);
			this.afterCarriageReturn = this.received.readByte() == '\r';
			if (line.isEmpty()) {
				dispatch();
			}
			else {
				line(line);
			}
		}
	}

	private void line(String line) throws IOException {
		int colon = line.indexOf(':');
		String field = (colon != -1) ? line.substring(0, colon) : line;
		String value = (colon != -1) ? line.substring(colon + 1) : "";
		value = value.startsWith(" ") ? value.substring(1) : value;
		if (field.equals("event")) {
			this.event = value;
		}
		else if (field.equals("data")) {
			requireLength((long) this.data.length() + value.length());
			this.data.append(this.hasData ? "\n" : "").append(value);
			this.hasData = true;
		}
	}

	private void dispatch() throws IOException {
		if (this.over) {
			return;
		}
		String received = this.data.toString();
		String chunk = this.hasData ? this.chunks.repair(this.event, received) : null;
		this.data.setLength(0);
		this.hasData = false;
		this.event = "";
		if (chunk != null) {
			this.answered = true;
			this.repaired.writeUtf8("data: ").writeUtf8(chunk.replace("\n", "\ndata: ")).writeUtf8("\n\n");
		}
		if (received.startsWith("[DONE]")) {
			end();
		}
		else if (this.chunks.complete() && !this.waitsForEnd) {
			this.waitsForEnd = true;
			this.upstream.timeout().deadline(END_WAIT.toNanos(), TimeUnit.NANOSECONDS);
		}
	}

	private void end() throws IOException {
		if (this.over) {
			return;
		}
		// keeps the connection if the body ends soon, else closes it
		close();
		if (!this.answered && !this.call.isCancelled()) {
			throw new NoAnswerException("the model's server gave no answer, its response of type "
					+ ((this.contentType != null) ? this.contentType.replaceAll("[^\\w/+.;= -]", "?") : "unknown")
					+ " has no event");
		}
	}

	private static void requireLength(long length) throws IOException {
		if (length > MAX_EVENT) {
			throw new IOException("An event is longer than " + MAX_EVENT);
		}
	}

}
