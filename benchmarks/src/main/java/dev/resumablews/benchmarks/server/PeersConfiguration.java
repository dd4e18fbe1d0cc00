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
	 * The handler without a log. Tokens come from the pacer, or from a model if one is
	 * configured.
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
		TokenSource modelTokens(@Value("${spring.ai.openai.base-url}") String baseUrl,
				@Value("${benchmarks.spring-ai:client}") String path) {
			return new ModelTokens(baseUrl).tokens(path);
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
