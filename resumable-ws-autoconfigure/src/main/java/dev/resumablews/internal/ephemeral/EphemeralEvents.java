package dev.resumablews.internal.ephemeral;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Hands ephemeral events to the connections of this node and to the other nodes. The
 * connections and what carries events to other nodes join when they exist. Never blocks.
 * Safe for use by many threads.
 */
public final class EphemeralEvents {

	private final List<Receiver> receivers = new CopyOnWriteArrayList<>();

	private final List<Carrier> carriers = new CopyOnWriteArrayList<>();

	/**
	 * Sends an event to its connections, on this node and on others.
	 * @param event the event
	 * @throws IllegalArgumentException if it is too large for what carries it
	 * @throws IllegalStateException if there is nothing that can carry it
	 */
	public void send(EphemeralEvent event) {
		this.carriers.forEach((carrier) -> carrier.check(event));
		this.receivers.forEach((receiver) -> receiver.receive(event));
		this.carriers.forEach((carrier) -> carrier.carry(event));
	}

	/**
	 * Hands an event of another node to its connections on this one, unless it could
	 * confuse clients.
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
	 * Adds what carries events to other nodes.
	 * @param carrier what carries them
	 */
	public void add(Carrier carrier) {
		this.carriers.add(carrier);
	}

	/**
	 * The connections of this node. Its methods neither block nor throw.
	 */
	public interface Receiver {

		/**
		 * Returns whether a recipient has connections here.
		 * @param recipient the recipient
		 * @return whether events for it matter
		 */
		boolean concerns(EphemeralEvent.Recipient recipient);

		/**
		 * Takes an event.
		 * @param event the event
		 */
		void receive(EphemeralEvent event);

	}

	/**
	 * What carries events to other nodes. Its methods do not block.
	 */
	public interface Carrier {

		/**
		 * Checks that an event can be carried, whether there are other nodes or not.
		 * @param event the event
		 * @throws IllegalArgumentException if it is too large
		 * @throws IllegalStateException if no event can be carried
		 */
		void check(EphemeralEvent event);

		/**
		 * Carries an event to the other nodes if it can, or drops it.
		 * @param event an event that was checked
		 */
		void carry(EphemeralEvent event);

	}

}
