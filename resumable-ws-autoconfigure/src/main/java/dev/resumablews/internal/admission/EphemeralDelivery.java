package dev.resumablews.internal.admission;

import java.util.List;

import dev.resumablews.internal.connection.Connection;
import dev.resumablews.internal.ephemeral.EphemeralEvent.Recipient;
import dev.resumablews.internal.ephemeral.EphemeralEvent;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.protocol.FrameWriter;

/**
 * Delivers ephemeral events to the connections of this node. Safe for use by many
 * threads.
 */
final class EphemeralDelivery implements EphemeralEvents.Receiver {

	private final Connections connections;

	private final FrameWriter writer = new FrameWriter();

	EphemeralDelivery(Connections connections) {
		this.connections = connections;
	}

	@Override
	public boolean concerns(Recipient recipient) {
		return !this.connections.of(recipient).isEmpty();
	}

	@Override
	public void receive(EphemeralEvent event) {
		List<Connection> recipients = this.connections.of(event.recipient());
		if (!recipients.isEmpty()) {
			String text = this.writer.writeEphemeral(event.type(), event.payload());
			for (Connection recipient : recipients) {
				if (!recipient.id().equals(event.except())) {
					recipient.sendEphemeral(text);
				}
			}
		}
	}

}
