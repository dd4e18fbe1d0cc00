package dev.resumablews.internal.cluster;

import java.util.UUID;

import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Kind;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.protocol.Utf8;
import org.jspecify.annotations.Nullable;

/**
 * Wire format of an ephemeral event between nodes: {@code e <node> <number> <recipient>
 * <except> <type> <payload>}. The recipient is an {@code s} and the id of a session, or a
 * {@code u} and the hash of a user. The number distinguishes equal events of a
 * transaction, which Postgres would otherwise send once. Ids are encoded as in
 * {@link SignalCodec}; a missing one is all zeros, so the envelope has a fixed length.
 *
 * @param node the sending node
 * @param event the event
 */
record EphemeralCodec(UUID node, EphemeralEvent event) {

	private static final String PREFIX = "e ";

	private static final UUID NONE = new UUID(0, 0);

	private static final int FIELDS = 7;

	/**
	 * Length of everything but type and payload.
	 */
	static final int ENVELOPE_BYTES = write(NONE, 0,
			new EphemeralEvent(new Recipient(Kind.SESSION, NONE), null, "", ""))
		.length();

	/**
	 * Encodes an event.
	 * @param number differs from those of previous events
	 */
	static String write(UUID node, int number, EphemeralEvent event) {
		Recipient recipient = event.recipient();
		UUID except = event.except();
		return "%s%s %08x %s%s %s %s %s".formatted(PREFIX, SignalCodec.encode(node), number,
				(recipient.kind() == Kind.SESSION) ? 's' : 'u', SignalCodec.encode(recipient.id()),
				SignalCodec.encode((except != null) ? except : NONE), event.type(), event.payload());
	}

	/**
	 * Decodes a signal.
	 * @return the event, or null if the signal is not an ephemeral event
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
	 * Returns the size of an event in bytes, without its envelope.
	 */
	static long bytes(EphemeralEvent event) {
		return event.type().length() + Utf8.length(event.payload());
	}

}
