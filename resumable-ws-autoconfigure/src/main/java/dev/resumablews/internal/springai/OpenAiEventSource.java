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
 * Source of server-sent events that repairs the events sent by a model's server:
 * <ol>
 * <li>Chunks are repaired, so that the client can parse them.
 * <li>Text is sent without the client if possible; see {@link DirectText}.
 * <li>The stream ends at {@code [DONE]}; the rest is ignored.
 * <li>After a finish reason, the source waits a short time for the rest, and treats a
 * failure as the end.
 * <li>A response without chunks is a failure.
 * <li>All received bytes count as activity.
 * </ol>
 * Used by one thread at a time.
 */
final class OpenAiEventSource implements Source {

	/**
	 * Time to wait for token counts and {@code [DONE]} after the finish reason.
	 */
	static final Duration END_WAIT = Duration.ofSeconds(2);

	private static final Log logger = LogFactory.getLog(OpenAiEventSource.class);

	private static final long READ_SIZE = 8 * 1024;

	/**
	 * Maximum length of an event, sufficient for an image or an audio clip.
	 */
	private static final int MAX_EVENT = 16 * 1024 * 1024;

	private static final ByteString LINE_ENDS = ByteString.encodeUtf8("\r\n");

	private final BufferedSource upstream;

	private final @Nullable String contentType;

	private final OpenAiCall call;

	private final OpenAiChunks chunks = new OpenAiChunks();

	private final Buffer received = new Buffer();

	private final ClientChunks output;

	private final StringBuilder data = new StringBuilder();

	private String event = "";

	private boolean hasData;

	private boolean afterCarriageReturn;

	/**
	 * Number of received bytes that were already searched for the end of a line.
	 */
	private long searched;

	private boolean waitsForEnd;

	private boolean over;

	/**
	 * Failure that the client gets after all chunks.
	 */
	private @Nullable IOException failure;

	OpenAiEventSource(BufferedSource upstream, @Nullable String contentType, OpenAiCall call) {
		this.upstream = upstream;
		this.contentType = contentType;
		this.call = call;
		this.output = new ClientChunks(call.directText());
	}

	@Override
	public long read(Buffer sink, long byteCount) throws IOException {
		while (this.output.isEmpty()) {
			if (this.failure != null) {
				throw this.failure;
			}
			if (this.over) {
				return -1;
			}
			try {
				receive();
			}
			catch (IOException ex) {
				this.output.passAll();
				this.failure = ex;
			}
		}
		return this.output.read(sink, byteCount);
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
			logger.debug("Ignored a failure after the end or the cancellation of the answer", ex);
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
		this.output.passText();
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
		TextChunk text = this.event.equals("error") ? null : TextChunk.read(received);
		if (text != null) {
			this.chunks.passed(text.head());
			this.output.text(text);
		}
		else if (this.hasData) {
			String chunk = this.chunks.repair(this.event, received);
			if (chunk != null) {
				this.output.other(chunk);
			}
		}
		this.data.setLength(0);
		this.hasData = false;
		this.event = "";
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
		this.output.passAll();
		// keeps the connection if the body ends soon, otherwise closes it
		close();
		if (!this.output.answered() && !this.call.isCancelled()) {
			throw new NoAnswerException("the model's server gave no answer: no events in its response of type "
					+ ((this.contentType != null) ? this.contentType.replaceAll("[^\\w/+.;= -]", "?") : "unknown"));
		}
	}

	private static void requireLength(long length) throws IOException {
		if (length > MAX_EVENT) {
			throw new IOException("Event exceeds the maximum length of " + MAX_EVENT);
		}
	}

}
