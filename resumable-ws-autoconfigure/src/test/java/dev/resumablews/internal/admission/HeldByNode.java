package dev.resumablews.internal.admission;

import dev.resumablews.internal.budget.HeldBudgets;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.testing.TestServer;

/**
 * What a node holds for its clients, for tests of other packages.
 *
 * @param connections the connections, whether their session is open or not
 * @param places the places that are taken
 * @param reserved the places that are reserved
 * @param joined the connections that belong to a session
 * @param budgets the users who have a connection, or something that waits
 */
public record HeldByNode(int connections, int places, int reserved, int joined, int budgets) {

	/**
	 * A node that holds nothing.
	 */
	public static final HeldByNode NOTHING = new HeldByNode(0, 0, 0, 0, 0);

	/**
	 * Looks at a node.
	 * @param server the node
	 * @return what it holds now
	 */
	public static HeldByNode of(TestServer server) {
		Connections connections = server.bean(Connections.class);
		int reserved = connections.places().reserved();
		return new HeldByNode(connections.all().size(), connections.places().total() - reserved, reserved,
				connections.live().size(), HeldBudgets.of(server.bean(UserBudgets.class)));
	}

	/**
	 * Looks at the WebSockets whose clients have not said who they are.
	 * @param server the node
	 * @return how many there are, with those whose handshake is not done yet
	 */
	public static int unauthenticated(TestServer server) {
		return server.bean(Connections.class).unauthenticated().total();
	}

	/**
	 * Returns the same, but for the places that are reserved.
	 */
	public HeldByNode withoutReservations() {
		return new HeldByNode(this.connections, this.places, 0, this.joined, this.budgets);
	}

}
