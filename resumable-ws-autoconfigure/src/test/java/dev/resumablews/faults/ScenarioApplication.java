package dev.resumablews.faults;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * An application that replies to messages and handles orders in a transaction.
 */
@Configuration(proxyBeanMethods = false)
class ScenarioApplication {

	static final String TABLES = """
			create table orders (session_id uuid, item text);
			create table notes (session_id uuid, n int);
			""";

	/**
	 * A user message whose reply does not end until it is cancelled.
	 */
	static final String ENDLESS = "endless";

	@Bean
	ReplyGenerator generator() {
		return (request) -> {
			String asked = request.conversation().get(request.conversation().size() - 1).content();
			Flux<ReplyPart> parts = Flux.just("one ", "two ", "three")
				.delayElements(Duration.ofMillis(5))
				.map(ReplyPart::text);
			return asked.startsWith(ENDLESS) ? parts.concatWith(Flux.never()) : parts;
		};
	}

	@Bean
	ClientMessageHandler order(JdbcClient jdbc, ResumableSessions sessions) {
		return new Order(jdbc, sessions);
	}

	/**
	 * Stores an order and publishes it.
	 */
	private record Order(JdbcClient jdbc, ResumableSessions sessions) implements ClientMessageHandler {

		@Override
		public String type() {
			return "order";
		}

		@Override
		public void handle(ClientMessage message) {
			UUID session = message.sessionId();
			String item = message.payload().path("item").asString("");
			this.jdbc.sql("insert into orders (session_id, item) values (?, ?)").params(session, item).update();
			this.sessions.publish(session, "ordered", Map.of("item", item));
		}

	}

}
