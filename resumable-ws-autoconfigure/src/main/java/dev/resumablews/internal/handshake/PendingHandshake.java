package dev.resumablews.internal.handshake;

import dev.resumablews.AuthenticatedUser;
import org.jspecify.annotations.Nullable;

/**
 * An accepted handshake whose client authenticates with its first message. Safe for use
 * by many threads.
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
	 * Returns the network that the handshake's address is counted with: the address
	 * itself, or the /64 of an IPv6 address.
	 * @return the network
	 */
	public String network() {
		return this.address.network();
	}

	/**
	 * Verifies the token of the first message. May block, because authenticators may.
	 * @param token the token, printable ASCII characters without spaces
	 * @return the user
	 * @throws HandshakeRejectedException if the token is rejected or cannot be verified
	 * at the moment
	 */
	public AuthenticatedUser authenticate(String token) throws HandshakeRejectedException {
		return this.gate.authenticate(this.request.with(token));
	}

	/**
	 * Reserves a place for a connection of the user. May block for the database, for a
	 * few seconds at most.
	 * @param user the authenticated user
	 * @return the complete handshake
	 * @throws HandshakeRejectedException if the limits admit no further connection
	 */
	public Handshake admit(AuthenticatedUser user) throws HandshakeRejectedException {
		return this.gate.admit(user, this.resume, Endpoint.WEBSOCKET, this.address);
	}

	/**
	 * Reports that the client was rejected after its handshake.
	 * @param reason the reason
	 * @param userId the user, if the token was verified
	 */
	public void refused(RejectionReason reason, @Nullable String userId) {
		this.gate.report(reason, userId, this.address);
	}

}
