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
 * The form in which payloads are stored: as they are, or encoded by the application's
 * codec. An encoded payload is the JSON object <code> {"encoded":"…"}</code> with a space
 * in front. The column keeps the text that it was given, and no payload begins with a
 * space, so the two are told apart whatever an application publishes. Safe for use by
 * many threads.
 */
public final class StoredPayloads implements AutoCloseable {

	/**
	 * Payloads that are stored as they are.
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
	 * Creates the form.
	 * @param codec encodes payloads; null to store them as they are
	 */
	public StoredPayloads(@Nullable PayloadCodec codec) {
		this.codec = codec;
		this.threads.allowCoreThreadTimeOut(true);
	}

	/**
	 * Returns whether payloads are encoded, so that storing an event calls code of the
	 * application.
	 * @return whether there is a codec
	 */
	public boolean encodes() {
		return this.codec != null;
	}

	/**
	 * Returns the threads that payloads are decoded on where no other thread may wait for
	 * the application. Sessions take turns.
	 * @return the executor
	 */
	public FairExecutor decoding() {
		return this.decoding;
	}

	/**
	 * Encodes a payload. Calls code of the application, unless there is no codec.
	 * @param sessionId the session to store the event in
	 * @param type the event's type
	 * @param json the text of a JSON object
	 * @param inReplyTo the event that a reply answers, if SQL needs it; it stays plain
	 * @return what to store
	 * @throws PayloadCodecException if the codec fails
	 * @throws EventLogUnavailableException if the codec cannot encode it right now
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
	 * Returns whether a payload was encoded before it was stored.
	 * @param stored what is stored
	 * @return whether it is not the payload itself
	 */
	public static boolean isEncoded(String stored) {
		return stored.startsWith(BEGIN);
	}

	/**
	 * Decodes a payload. Calls code of the application if it {@linkplain #isEncoded is
	 * encoded}.
	 * @param sessionId the session that it was read from
	 * @param eventId the event's id
	 * @param type the event's type
	 * @param stored what is stored
	 * @return the text of a JSON object
	 * @throws PayloadCodecException if the codec fails, or there is none
	 * @throws EventLogUnavailableException if the codec cannot decode it right now
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
				throw new IllegalStateException("The codec has not returned a JSON object");
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
	 * Half a surrogate pair would be stored as another character.
	 */
	private static String check(String encoded) {
		if (!StandardCharsets.UTF_8.newEncoder().canEncode(encoded)) {
			throw new IllegalStateException("The codec has not returned well-formed Unicode");
		}
		return encoded;
	}

}
