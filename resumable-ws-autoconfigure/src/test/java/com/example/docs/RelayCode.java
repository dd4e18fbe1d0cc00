package com.example.docs;

import java.util.List;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.RelayHandshake;
import dev.resumablews.RelayMessage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.stereotype.Component;

/**
 * The code of docs/relay.md.
 */
final class RelayCode {

	private RelayCode() {
	}

	@Component
	static class Realtime implements RelayCustomizer {

		@Override
		public String relay() {
			return "realtime";
		}

		@Override
		public void prepare(RelayHandshake handshake) {
			handshake.headers().set("OpenAI-Safety-Identifier", RealtimeMessages.hash(handshake.userId()));
		}

		@Override
		public List<JsonNode> openingMessages(RelayHandshake handshake) {
			return List.of(RealtimeMessages.instructions()); // again on each connection
		}

		@Override
		public List<JsonNode> toUpstream(RelayMessage message) {
			if (message.redelivered() && RealtimeMessages.isAnswered(message)) {
				return List.of();
			}
			return List.of(RealtimeMessages.item(message.payload()), RealtimeMessages.respond());
		}

	}

	static final class RealtimeMessages {

		private RealtimeMessages() {
		}

		static String hash(String userId) {
			return Integer.toHexString(userId.hashCode());
		}

		static JsonNode instructions() {
			return JsonMapper.shared().createObjectNode().put("type", "session.update");
		}

		static JsonNode item(JsonNode payload) {
			return JsonMapper.shared().createObjectNode().put("type", "conversation.item.create").set("item", payload);
		}

		static JsonNode respond() {
			return JsonMapper.shared().createObjectNode().put("type", "response.create");
		}

		static boolean isAnswered(RelayMessage message) {
			return message.payload().has("answered");
		}

	}

}
