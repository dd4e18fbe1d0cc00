package dev.resumablews.internal.handler;

import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ResumableSession;
import dev.resumablews.ResumableSessions;

/**
 * Creates the {@link ResumableSession} arguments of handler methods. Safe for use by
 * multiple threads.
 */
final class SessionHandles {

	private final ResumableSessions sessions;

	SessionHandles(ResumableSessions sessions) {
		this.sessions = sessions;
	}

	ResumableSession of(ClientMessage message) {
		return new Handle(this.sessions, message);
	}

	private record Handle(ResumableSessions sessions, ClientMessage message) implements ResumableSession {

		@Override
		public UUID id() {
			return this.message.sessionId();
		}

		@Override
		public void publish(String type, Object payload) {
			this.sessions.publish(id(), type, payload);
		}

		@Override
		public void sendEphemeral(String type, Object payload) {
			this.sessions.sendEphemeral(id(), type, payload);
		}

		@Override
		public void sendEphemeralToOthers(Object payload) {
			this.sessions.sendEphemeralToOthers(this.message, payload);
		}

		@Override
		public String toString() {
			return "Session " + id();
		}

	}

}
