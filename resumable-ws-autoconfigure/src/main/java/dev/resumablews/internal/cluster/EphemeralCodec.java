package dev.resumablews.internal.cluster;

import java.util.UUID;

import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Kind;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.protocol.Utf8;
import org.jspecify.annotations.Nullable;

/**
 * An ephemeral event as it is sent:
 * {@code e <node> <number> <recipient> <except> <type> <payload>}. The recipient is an
 * {@code s} and the id of a session, or a {@code u} and the hash of a user. The number
 * tells equal events of a transaction apart, of which Postgres would send one. Ids are
 * those of {@link SignalCodec}, and one that is missing is all zeros, so that the length
 * of all but type and payload is always the same.
 *
 * @param node the node that sends it
 * @param event the event
 */
record EphemeralCodec(UUID node, EphemeralEvent event) {

	private static final String PREFIX = "e ";

	private static final UUID NONE = new UUID(0, 0);

	private static final int FIELDS = 7;

	/**
	 * Bytes of all but type and payload.
	 */
	static final int ENVELOPE_BYTES = write(NONE, 0,
			new EphemeralEvent(new Recipient(Kind.SESSION, NONE), null, "", ""))
		.length();

	/**
	 * Writes an event.
	 * @param number differs from those of the events before
	 */
	static String write(UUID node, int number, EphemeralEvent event) {
		Recipient recipient = event.recipient();
		UUID except = event.except();
		return "%s%s %08x %s%s %s %s %s".formatted(PREFIX, SignalCodec.encode(node), number,
				(recipient.kind() == Kind.SESSION) ? 's' : 'u', SignalCodec.encode(recipient.id()),
				SignalCodec.encode((except != null) ? except : NONE), event.type(), event.payload());
	}

	/**
	 * Reads a text.
	 * @return the event, or null if it is none
	 */
	static @Nullable EphemeralCodec read(String text) {
		if (!text.startsWith(PREFIX)) {
			return null;
		}
		String[] fields = text.split(" ", FIELDS);
		try {
			Kind kind = switch (fields[3].charAt(0)) {
				case 's' -> Kind.SESSION;
				case 'u' -> Kind.USER;
				default -> throw new IllegalArgumentException("Not a recipient: " + fields[3]);
			};
			UUID except = SignalCodec.decode(fields[4]);
			return new EphemeralCodec(SignalCodec.decode(fields[1]),
					new EphemeralEvent(new Recipient(kind, SignalCodec.decode(fields[3].substring(1))),
							except.equals(NONE) ? null : except, fields[5], fields[6]));
		}
		catch (IllegalArgumentException | IndexOutOfBoundsException ex) {
			return null;
		}
	}

	/**
	 * Returns how many bytes an event takes, apart from its envelope.
	 */
	static long bytes(EphemeralEvent event) {
		return event.type().length() + Utf8.length(event.payload());
	}

}
