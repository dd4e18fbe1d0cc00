package dev.resumablews.benchmarks.server;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.ResumableSessions;
import dev.resumablews.benchmarks.wire.ReplyOrder;
import reactor.core.publisher.Flux;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;

/**
 * Configuration of the server with this library's starter.
 */
@Configuration(proxyBeanMethods = false)
@Profile("ours")
class OursConfiguration {

	@Bean
	@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "none")
	ReplyGenerator tokens(Pacer pacer) {
		return (request) -> Flux.from(pacer.tokens(order(request))).map(ReplyPart::text);
	}

	@Bean
	Batches batches() {
		return new Batches();
	}

	@Bean
	EventSink events(ResumableSessions sessions) {
		return sessions::publishAsync;
	}

	private static ReplyOrder order(ReplyRequest request) {
		return ReplyOrder.parse(request.conversation().get(request.conversation().size() - 1).content());
	}

}
