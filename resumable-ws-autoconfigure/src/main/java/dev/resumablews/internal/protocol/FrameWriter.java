package dev.resumablews.internal.protocol;

import java.io.StringWriter;
import java.util.List;
import java.util.UUID;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.protocol.ServerMessage.Ack;
import dev.resumablews.internal.protocol.ServerMessage.AuthOk;
import dev.resumablews.internal.protocol.ServerMessage.Close;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import dev.resumablews.internal.protocol.ServerMessage.Pong;
import dev.resumablews.internal.protocol.ServerMessage.Presence;
import dev.resumablews.internal.protocol.ServerMessage.Presence.Member;
import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import dev.resumablews.internal.protocol.ServerMessage.ServerRestarting;
import dev.resumablews.internal.protocol.ServerMessage.SessionEpoch;
import dev.resumablews.internal.protocol.ServerMessage.SessionInit;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes messages to clients. Each is a single line. Safe for use by many threads.
 */
public final class FrameWriter {

	/**
	 * Version of the protocol.
	 */
	public static final int PROTOCOL = 1;

	private final JsonMapper json = JsonMapper.shared();

	private final Timestamps timestamps = new Timestamps();

	/**
	 * Writes a durable event. The payload is copied as stored, which guarantees that it
	 * is well-formed.
	 * @param event the event
	 * @param replay whether it was in the log when the connection opened
	 * @return the message
	 */
	public String write(SessionEvent event, boolean replay) {
		StringBuilder text = new StringBuilder(event.payload().length() + 128);
		text.append("{\"type\":\"");
		JsonStringEncoder.getInstance().quoteAsString(event.type(), text);
		text.append("\",\"event_id\":").append(event.id()).append(",\"payload\":");
		appendLine(text, event.payload());
		text.append(",\"created_at\":\"");
		this.timestamps.append(text, event.createdAt());
		text.append('"');
		if (replay) {
			text.append(",\"replay\":true");
		}
		return text.append('}').toString();
	}

	/**
	 * Writes an ephemeral event.
	 * @param type its type
	 * @param payload its payload, a well-formed JSON object in one line
	 * @return the message
	 */
	public String writeEphemeral(String type, String payload) {
		return "{\"type\":\"" + type + "\",\"ephemeral\":true,\"payload\":" + payload + '}';
	}

	/**
	 * Writes a control message, which may quote input of a client.
	 * @param message the message
	 * @return the message as JSON
	 */
	public String write(ServerMessage message) {
		StringWriter text = new StringWriter(128);
		try (JsonGenerator json = this.json.createGenerator(text)) {
			json.writeStartObject();
			if (message instanceof SessionInit init) {
				writeInit(json, init);
			}
			else if (message instanceof SessionEpoch epoch) {
				json.writeStringProperty("type", "session_epoch");
				json.writeStringProperty("epoch", epoch.epoch());
				json.writeNumberProperty("rewind_to", epoch.rewindTo());
			}
			else if (message instanceof ReplayComplete complete) {
				json.writeStringProperty("type", "replay_complete");
				json.writeNumberProperty("last_event_id", complete.lastEventId());
				json.writeNumberProperty("count", complete.count());
			}
			else if (message instanceof Pong pong) {
				json.writeStringProperty("type", "pong");
				if (pong.t() != null) {
					json.writePOJOProperty("t", pong.t());
				}
			}
			else if (message instanceof Ack ack) {
				writeAck(json, ack);
			}
			else if (message instanceof Presence presence) {
				writePresence(json, presence);
			}
			else if (message instanceof AuthOk authOk) {
				json.writeStringProperty("type", "auth_ok");
				writeOptional(json, "expires_at", authOk.expiresAt());
			}
			else if (message instanceof ErrorMessage error) {
				json.writeStringProperty("type", "error");
				json.writeStringProperty("code", error.code().wireName());
				json.writeStringProperty("message", error.message());
				writeOptional(json, "idempotency_key", error.idempotencyKey());
			}
			else if (message instanceof ServerRestarting restarting) {
				json.writeStringProperty("type", "server_restarting");
				json.writeNumberProperty("reconnect_after_ms", restarting.reconnectAfterMillis());
			}
			else if (message instanceof Close close) {
				json.writeStringProperty("type", "close");
				json.writeNumberProperty("code", close.code());
				json.writeStringProperty("reason", close.reason());
			}
			json.writeEndObject();
		}
		return WellFormed.unicode(text.toString());
	}

	private static void writeInit(JsonGenerator json, SessionInit init) {
		json.writeStringProperty("type", "session_init");
		json.writeStringProperty("session_id", init.sessionId().toString());
		json.writeBooleanProperty("resumed", init.resumed());
		writeOptional(json, "reason", init.reason());
		json.writeNumberProperty("last_event_id", init.lastEventId());
		json.writeNumberProperty("earliest_event_id", init.earliestEventId());
		json.writeNumberProperty("heartbeat_ms", init.heartbeatMillis());
		json.writeStringProperty("connection_id", init.connectionId().toString());
		json.writeNumberProperty("protocol", PROTOCOL);
		json.writeStringProperty("epoch", init.epoch());
		if (init.rewindTo() != null) {
			json.writeNumberProperty("rewind_to", init.rewindTo());
		}
	}

	private static void writeAck(JsonGenerator json, Ack ack) {
		UUID key = ack.idempotencyKey();
		json.writeStringProperty("type", "ack");
		json.writeStringProperty("idempotency_key", key.toString());
		if (ack.eventId() != null) {
			json.writeNumberProperty("event_id", ack.eventId());
		}
		if (ack.duplicate()) {
			json.writeBooleanProperty("duplicate", true);
		}
	}

	private static void writePresence(JsonGenerator json, Presence presence) {
		json.writeStringProperty("type", "presence");
		if (presence.complete()) {
			json.writeBooleanProperty("complete", true);
		}
		writeMembers(json, "joined", presence.joined());
		writeMembers(json, "left", presence.left());
	}

	private static void writeMembers(JsonGenerator json, String name, List<Member> members) {
		json.writeArrayPropertyStart(name);
		for (Member member : members) {
			json.writeStartObject();
			json.writeStringProperty("connection_id", member.connectionId().toString());
			json.writeStringProperty("user_id", member.userId());
			json.writeEndObject();
		}
		json.writeEndArray();
	}

	private static void writeOptional(JsonGenerator json, String name, @Nullable Object value) {
		if (value != null) {
			json.writeStringProperty(name, value.toString());
		}
	}

	/**
	 * Replaces line breaks between the tokens of a payload, which would end the line.
	 * Within strings they are already escaped.
	 */
	private static void appendLine(StringBuilder text, String payload) {
		if (payload.indexOf('\n') < 0 && payload.indexOf('\r') < 0) {
			text.append(payload);
		}
		else {
			text.append(payload.replace('\n', ' ').replace('\r', ' '));
		}
	}

}
