package dev.resumablews.internal.codec;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodec;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.concurrent.Threads;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.databind.json.JsonMapper;

/**
 * Converts payloads to and from their stored form, which is plain or encoded by the
 * application's codec. An encoded payload is stored as the JSON object <code>
 * {"encoded":"…"}</code> with a leading space. The column preserves this space, and plain
 * payloads never begin with a space, so the two forms cannot be confused. Safe for use by
 * many threads.
 */
public final class StoredPayloads implements AutoCloseable {

	/**
	 * Stores payloads as plain text.
	 */
	public static final StoredPayloads PLAIN = new StoredPayloads(null);

	private static final int DECODERS = 64;

	private static final int DECODERS_PER_SESSION = 2;

	private static final String BEGIN = " {";

	private static final String FIELD = "encoded";

	private final @Nullable PayloadCodec codec;

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(DECODERS, DECODERS, 30, TimeUnit.SECONDS,
			new LinkedBlockingQueue<>(), Threads.named("resumable-ws-decode-"), new ThreadPoolExecutor.DiscardPolicy());

	private final FairExecutor decoding = new FairExecutor(this.threads, DECODERS, DECODERS_PER_SESSION);

	/**
	 * Creates a converter.
	 * @param codec encodes payloads; null to store them as plain text
	 */
	public StoredPayloads(@Nullable PayloadCodec codec) {
		this.codec = codec;
		this.threads.allowCoreThreadTimeOut(true);
	}

	/**
	 * Returns whether payloads are encoded, so that storing an event calls application
	 * code.
	 * @return whether there is a codec
	 */
	public boolean encodes() {
		return this.codec != null;
	}

	/**
	 * Returns the executor for decoding where application code must not block the calling
	 * thread. Sessions take turns.
	 * @return the executor
	 */
	public FairExecutor decoding() {
		return this.decoding;
	}

	/**
	 * Encodes a payload. Calls application code if there is a codec.
	 * @param sessionId the session of the event
	 * @param type the event's type
	 * @param json the text of a JSON object
	 * @param inReplyTo the event that a reply answers, if SQL needs it; it is stored as
	 * plain text
	 * @return the stored form
	 * @throws PayloadCodecException if the codec fails
	 * @throws EventLogUnavailableException if the codec is temporarily unable to encode
	 */
	public String encode(UUID sessionId, String type, String json, @Nullable Long inReplyTo) {
		if (this.codec == null) {
			return json;
		}
		String encoded;
		try {
			encoded = check(this.codec.encode(sessionId, type, json));
		}
		catch (EventLogUnavailableException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			throw new PayloadCodecException("An event of type '%s' for session %s cannot be encoded: %s".formatted(type,
					sessionId, ex.getClass().getName()), ex);
		}
		StringBuilder stored = new StringBuilder(encoded.length() + 40).append(BEGIN);
		if (inReplyTo != null) {
			stored.append("\"in_reply_to\":").append(inReplyTo.longValue()).append(',');
		}
		stored.append('"').append(FIELD).append("\":\"");
		JsonStringEncoder.getInstance().quoteAsString(encoded, stored);
		return stored.append("\"}").toString();
	}

	/**
	 * Returns whether a stored payload is encoded.
	 * @param stored the stored form
	 * @return whether it must be decoded
	 */
	public static boolean isEncoded(String stored) {
		return stored.startsWith(BEGIN);
	}

	/**
	 * Decodes a payload. Calls application code if the payload {@linkplain #isEncoded is
	 * encoded}.
	 * @param sessionId the session of the event
	 * @param eventId the event's id
	 * @param type the event's type
	 * @param stored the stored form
	 * @return the text of a JSON object
	 * @throws PayloadCodecException if the codec fails or is missing
	 * @throws EventLogUnavailableException if the codec is temporarily unable to decode
	 */
	public String decode(UUID sessionId, long eventId, String type, String stored) {
		if (!isEncoded(stored)) {
			return stored;
		}
		try {
			if (this.codec == null) {
				throw new IllegalStateException("There is no PayloadCodec bean");
			}
			String encoded = JsonMapper.shared().readTree(stored).path(FIELD).asString();
			String json = this.codec.decode(sessionId, type, encoded);
			if (!json.startsWith("{")) {
				throw new IllegalStateException("The codec did not return a JSON object");
			}
			return json;
		}
		catch (EventLogUnavailableException ex) {
			throw ex;
		}
		catch (Throwable ex) {
			String why = (this.codec != null) ? ex.getClass().getName() : "there is no PayloadCodec bean";
			throw new PayloadCodecException("Event %d of type '%s' in session %s cannot be decoded: %s"
				.formatted(eventId, type, sessionId, why), ex);
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	/**
	 * Rejects unpaired surrogates, which would be stored as a different character.
	 */
	private static String check(String encoded) {
		if (!StandardCharsets.UTF_8.newEncoder().canEncode(encoded)) {
			throw new IllegalStateException("The codec did not return well-formed Unicode");
		}
		return encoded;
	}

}
