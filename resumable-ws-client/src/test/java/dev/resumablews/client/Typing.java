package dev.resumablews.client;

import dev.resumablews.ClientMessage;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.ResumableSessions;

/**
 * Notifies the other clients of a session that a user is typing.
 */
final class Typing implements EphemeralMessageHandler {

	private final ResumableSessions sessions;

	Typing(ResumableSessions sessions) {
		this.sessions = sessions;
	}

	@Override
	public String type() {
		return "typing";
	}

	@Override
	public void handle(ClientMessage message) {
		this.sessions.sendEphemeralToOthers(message, message.payload());
	}

}
