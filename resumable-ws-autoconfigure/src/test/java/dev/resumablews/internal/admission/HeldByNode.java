package dev.resumablews.internal.admission;

import dev.resumablews.internal.budget.HeldBudgets;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.testing.TestServer;

/**
 * The resources that a node holds for its clients, for tests of other packages.
 *
 * @param connections the connections, whether their session is open or not
 * @param places the places in use
 * @param reserved the reserved places
 * @param joined the connections that belong to a session
 * @param budgets the users who have a connection or queued work
 */
public record HeldByNode(int connections, int places, int reserved, int joined, int budgets) {

	/**
	 * A node that holds nothing.
	 */
	public static final HeldByNode NOTHING = new HeldByNode(0, 0, 0, 0, 0);

	/**
	 * Returns what a node holds.
	 * @param server the node
	 * @return what the node holds now
	 */
	public static HeldByNode of(TestServer server) {
		Connections connections = server.bean(Connections.class);
		int reserved = connections.places().reserved();
		return new HeldByNode(connections.all().size(), connections.places().total() - reserved, reserved,
				connections.live().size(), HeldBudgets.of(server.bean(UserBudgets.class)));
	}

	/**
	 * Returns the number of WebSockets whose clients have not authenticated.
	 * @param server the node
	 * @return the number, including WebSockets whose handshake has not completed
	 */
	public static int unauthenticated(TestServer server) {
		return server.bean(Connections.class).unauthenticated().total();
	}

	/**
	 * Returns a copy without the reserved places.
	 */
	public HeldByNode withoutReservations() {
		return new HeldByNode(this.connections, this.places, 0, this.joined, this.budgets);
	}

}
