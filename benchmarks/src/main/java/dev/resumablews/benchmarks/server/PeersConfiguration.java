package dev.resumablews.benchmarks.server;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;

import javax.crypto.spec.SecretKeySpec;
import javax.sql.DataSource;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.testing.Tokens;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Profile;
import org.springframework.core.env.Environment;
import org.springframework.core.env.Profiles;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

/**
 * Configuration of the peers that this library is compared with, on the same server and
 * path.
 */
@Configuration(proxyBeanMethods = false)
class PeersConfiguration {

	private static WebSocketHandlerMapping mapping(WebSocketHandler handler, List<HandshakeInterceptor> interceptors) {
		WebSocketHttpRequestHandler requestHandler = new WebSocketHttpRequestHandler(handler,
				JettyUpgrade.handshakeHandler());
		requestHandler.setHandshakeInterceptors(interceptors);
		WebSocketHandlerMapping mapping = new WebSocketHandlerMapping();
		mapping.setUrlMap(Map.of("/ws", requestHandler));
		mapping.setOrder(-1);
		return mapping;
	}

	/**
	 * The handler without a log. Tokens come from the pacer, or from Spring AI's chat
	 * client if a model is configured.
	 */
	@Configuration(proxyBeanMethods = false)
	@Profile("bare")
	static class Bare {

		@Bean
		@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "none")
		TokenSource pacedTokens(Pacer pacer) {
			return (content) -> pacer.tokens(ReplyOrder.parse(content));
		}

		@Bean
		@ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "openai")
		TokenSource modelTokens(ChatClient.Builder builder, ChatModel model,
				@Value("${benchmarks.spring-ai:client}") String path) {
			ChatClient client = builder.build();
			return switch (path) {
				// a message, because the client treats a user text as a template
				case "client" -> (content) -> client.prompt().messages(new UserMessage(content)).stream().content();
				case "model" -> (content) -> model.stream(new Prompt(new UserMessage(content)))
					.mapNotNull((response) -> (response.getResult() != null)
							? response.getResult().getOutput().getText() : null);
				default -> throw new IllegalArgumentException(
						"benchmarks.spring-ai is '%s' but must be client or model".formatted(path));
			};
		}

		@Bean
		BareHandler bareHandler(TokenSource source) {
			return new BareHandler(source);
		}

		@Bean
		WebSocketHandlerMapping bareMapping(BareHandler handler) {
			return mapping(handler, List.of());
		}

	}

	/**
	 * The recipe, and its durable variant.
	 */
	@Configuration(proxyBeanMethods = false)
	@Profile("recipe | recipe-durable")
	static class Recipe {

		@Bean
		RecipeHandler recipeHandler(DataSource dataSource, Pacer pacer, Environment environment) {
			boolean durable = environment.acceptsProfiles(Profiles.of("recipe-durable"));
			return new RecipeHandler(new RecipeTables(dataSource), pacer,
					Schedulers.fromExecutorService(Executors.newCachedThreadPool()), durable);
		}

		@Bean
		WebSocketHandlerMapping recipeMapping(RecipeHandler handler) {
			SecretKeySpec key = new SecretKeySpec(Tokens.SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
			return mapping(handler, List.of(new RecipeHandshake(NimbusJwtDecoder.withSecretKey(key).build())));
		}

	}

}
