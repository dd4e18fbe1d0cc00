package com.example.docs;

import java.util.List;
import java.util.Map;

import javax.crypto.SecretKey;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ConversationMessage;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.PayloadCodec;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.UserValidator;
import dev.resumablews.testing.AesGcmPayloadCodec;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.transaction.annotation.Transactional;

/**
 * The code of docs/guide.md.
 */
final class GuideCode {

	private GuideCode() {
	}

	@Configuration(proxyBeanMethods = false)
	static class Beans {

		@Bean
		HandshakeAuthenticator apiKeys(ApiKeys keys) {
			return (request) -> {
				String userId = keys.ownerOf(request.getHeaders().getFirst("X-Api-Key"));
				if (userId == null) {
					throw new HandshakeAuthenticationException("Unknown API key");
				}
				return new AuthenticatedUser(userId, null); // null: it does not expire
			};
		}

		@Bean
		EphemeralMessageHandler typing(ResumableSessions sessions) {
			return EphemeralMessageHandler.of("typing",
					(message) -> sessions.sendEphemeralToOthers(message, Map.of("by", message.userId())));
		}

		@Bean
		ReplyGenerator echo() {
			return (request) -> {
				List<ConversationMessage> conversation = request.conversation();
				String said = conversation.get(conversation.size() - 1).content();
				return Flux.just("You", " said: ", said).map(ReplyPart::text);
			};
		}

		@Bean
		UserValidator accounts(Accounts accounts) {
			return (userId) -> accounts.isActive(userId);
		}

		@Bean
		PayloadCodec encryption(Keys keys) {
			return new AesGcmPayloadCodec(keys.all(), keys.newestId());
		}

	}

	static class Warehouse {

		private final Orders orders;

		private final ResumableSessions sessions;

		Warehouse(Orders orders, ResumableSessions sessions) {
			this.orders = orders;
			this.sessions = sessions;
		}

		@Transactional
		void ship(Order order) {
			this.orders.save(order.shipped());
			this.sessions.publishToUser(order.userId(), "order_shipped", Map.of("order", order.id()));
		}

	}

	record Order(String userId, long id, boolean isShipped) {

		Order shipped() {
			return new Order(this.userId, this.id, true);
		}

	}

	interface Orders {

		void save(Order order);

	}

	interface ApiKeys {

		String ownerOf(String key);

	}

	interface Accounts {

		boolean isActive(String userId);

	}

	interface Keys {

		Map<String, SecretKey> all();

		String newestId();

	}

}
