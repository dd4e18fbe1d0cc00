package dev.resumablews.internal.outbox;

import java.util.List;

import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.protocol.ServerMessage.Presence;

/**
 * Messages that a connection sends in addition to the events of its log.
 *
 * @param control queued control messages
 * @param presence connected users
 * @param ephemerals queued ephemeral events
 * @param writer writes the frames
 */
public record Outbox(ControlQueue control, PresenceView presence, EphemeralQueue ephemerals, FrameWriter writer) {

	public static Outbox of(UserBudget budget, FrameWriter writer) {
		return new Outbox(new ControlQueue(budget), new PresenceView(), new EphemeralQueue(budget), writer);
	}

	/**
	 * Adds the changes in presence to a list. Called by the connection's loop.
	 */
	public void drainPresenceTo(List<String> messages) {
		Presence changes = this.presence.take();
		if (changes != null) {
			messages.add(this.writer.write(changes));
		}
	}

	/**
	 * Discards all queued messages and rejects further ones.
	 */
	public void close() {
		this.control.close();
		this.ephemerals.close();
	}

}
