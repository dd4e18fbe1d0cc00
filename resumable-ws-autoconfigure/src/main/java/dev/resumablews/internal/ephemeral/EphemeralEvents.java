package dev.resumablews.internal.ephemeral;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Delivers ephemeral events to the connections of this node and to the other nodes.
 * Receivers and carriers register when they are created. Never blocks. Safe for use by
 * many threads.
 */
public final class EphemeralEvents {

	private final List<Receiver> receivers = new CopyOnWriteArrayList<>();

	private final List<Carrier> carriers = new CopyOnWriteArrayList<>();

	/**
	 * Sends an event to its recipient's connections on all nodes.
	 * @param event the event
	 * @throws IllegalArgumentException if it is too large for a carrier
	 * @throws IllegalStateException if a carrier does not support ephemeral events
	 */
	public void send(EphemeralEvent event) {
		this.carriers.forEach((carrier) -> carrier.check(event));
		this.receivers.forEach((receiver) -> receiver.receive(event));
		this.carriers.forEach((carrier) -> carrier.carry(event));
	}

	/**
	 * Delivers an event of another node to its recipient's connections on this node.
	 * Malformed events are dropped.
	 * @param event the event
	 */
	public void received(EphemeralEvent event) {
		List<Receiver> concerned = this.receivers.stream()
			.filter((receiver) -> receiver.concerns(event.recipient()))
			.toList();
		if (!concerned.isEmpty() && event.isWellFormed()) {
			concerned.forEach((receiver) -> receiver.receive(event));
		}
	}

	/**
	 * Adds the connections of this node.
	 * @param receiver the connections
	 */
	public void add(Receiver receiver) {
		this.receivers.add(receiver);
	}

	/**
	 * Adds a carrier of events to other nodes.
	 * @param carrier the carrier
	 */
	public void add(Carrier carrier) {
		this.carriers.add(carrier);
	}

	/**
	 * Delivers events to the connections of this node. Methods neither block nor throw.
	 */
	public interface Receiver {

		/**
		 * Returns whether a recipient has connections on this node.
		 * @param recipient the recipient
		 * @return whether events for it are needed
		 */
		boolean concerns(EphemeralEvent.Recipient recipient);

		/**
		 * Delivers an event.
		 * @param event the event
		 */
		void receive(EphemeralEvent event);

	}

	/**
	 * Carries events to other nodes. Methods do not block.
	 */
	public interface Carrier {

		/**
		 * Checks that an event can be carried. Called whether or not there are other
		 * nodes.
		 * @param event the event
		 * @throws IllegalArgumentException if it is too large
		 * @throws IllegalStateException if ephemeral events are not supported
		 */
		void check(EphemeralEvent event);

		/**
		 * Carries an event to the other nodes, or drops it.
		 * @param event an event that passed {@link #check}
		 */
		void carry(EphemeralEvent event);

	}

}
