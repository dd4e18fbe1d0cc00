package dev.resumablews.internal.observability;

import java.util.List;
import java.util.Map;

import dev.resumablews.SecurityEvent.Kind;

/**
 * The reasons of security events, for creating all of their counters at start-up.
 */
final class SecurityReasons {

	static final Map<Kind, List<String>> BY_KIND = Map.of( //
			Kind.HANDSHAKE_REFUSED,
			List.of("malformed", "handshakes_per_address", "origin", "token", "first_message", "first_message_timeout",
					"max_unauthenticated_per_address", "max_unauthenticated", "authentication_unavailable",
					"max_per_user", "handshakes_rate", "max_total", "max_opening", "shutting_down"), //
			Kind.TOKEN_REFUSED, List.of("token", "another_user"), //
			Kind.LIMIT_EXCEEDED,
			List.of("frames_rate", "messages_rate", "ephemeral_rate", "characters_rate", "resumes_rate", "replies_rate",
					"waiting_messages", "waiting_characters", "unread_characters", "ephemeral_characters",
					"max_sessions", "max_storage", "max_relays", "waiting_relay_size", "waiting_replies",
					"all_waiting_replies"), //
			Kind.PROTOCOL_VIOLATED, List.of("binary", "max_message_size", "max_malformed_messages"), //
			Kind.DISCONNECTED, List.of("disconnected", "invalid", "logged_out"), //
			Kind.ERASED, List.of("session", "user"));

	private SecurityReasons() {
	}

}
