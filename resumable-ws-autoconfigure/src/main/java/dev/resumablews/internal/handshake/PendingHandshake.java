package dev.resumablews.internal.handshake;

import dev.resumablews.AuthenticatedUser;
import org.jspecify.annotations.Nullable;

/**
 * A handshake that was accepted although its client has not said who it is: the client's
 * first message does. Safe for use by many threads.
 */
public final class PendingHandshake implements AcceptedHandshake {

	/**
	 * Name of the WebSocket session's attribute that holds the handshake.
	 */
	public static final String ATTRIBUTE = PendingHandshake.class.getName();

	private final HandshakeGate gate;

	private final FirstMessageRequest request;

	private final ResumeRequest resume;

	private final RemoteAddress address;

	PendingHandshake(HandshakeGate gate, FirstMessageRequest request, ResumeRequest resume, RemoteAddress address) {
		this.gate = gate;
		this.request = request;
		this.resume = resume;
		this.address = address;
	}

	/**
	 * Returns what the handshake's address is counted with: itself, or the /64 of an IPv6
	 * address.
	 * @return the network
	 */
	public String network() {
		return this.address.network();
	}

	/**
	 * Verifies the token of the first message. May block, as authenticators may.
	 * @param token the token: characters of ASCII that can be seen
	 * @return the user
	 * @throws HandshakeRefusedException if the token is not accepted, or that cannot be
	 * told now
	 */
	public AuthenticatedUser authenticate(String token) throws HandshakeRefusedException {
		return this.gate.authenticate(this.request.with(token));
	}

	/**
	 * Reserves a place for a connection of the user. May wait for the database, for a few
	 * seconds at most.
	 * @param user the user whose token was verified
	 * @return the complete handshake
	 * @throws HandshakeRefusedException if there is no room for another connection
	 */
	public Handshake admit(AuthenticatedUser user) throws HandshakeRefusedException {
		return this.gate.admit(user, this.resume, Endpoint.WEBSOCKET, this.address);
	}

	/**
	 * Reports that the client was not let in after all.
	 * @param reason why
	 * @param userId the user, if the token was verified
	 */
	public void refused(RejectionReason reason, @Nullable String userId) {
		this.gate.report(reason, userId, this.address);
	}

}
