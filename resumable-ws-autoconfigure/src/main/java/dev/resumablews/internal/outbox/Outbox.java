package dev.resumablews.internal.outbox;

import java.util.List;

import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.protocol.ServerMessage.Presence;

/**
 * What a connection sends beside the events of its log.
 *
 * @param control control messages that wait
 * @param presence who is connected
 * @param ephemerals ephemeral events that wait
 * @param writer writes them
 */
public record Outbox(ControlQueue control, PresenceView presence, EphemeralQueue ephemerals, FrameWriter writer) {

	public static Outbox of(UserBudget budget, FrameWriter writer) {
		return new Outbox(new ControlQueue(budget), new PresenceView(), new EphemeralQueue(budget), writer);
	}

	/**
	 * Moves what has changed of the presence to a list. Called by the connection's loop.
	 */
	public void drainPresenceTo(List<String> messages) {
		Presence changes = this.presence.take();
		if (changes != null) {
			messages.add(this.writer.write(changes));
		}
	}

	/**
	 * Forgets all that waits, and what comes.
	 */
	public void close() {
		this.control.close();
		this.ephemerals.close();
	}

}
