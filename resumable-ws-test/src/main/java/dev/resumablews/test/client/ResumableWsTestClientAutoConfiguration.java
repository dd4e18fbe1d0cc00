package dev.resumablews.test.client;

import java.net.URI;
import java.util.List;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.test.http.server.LocalTestWebServer;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration of a {@link ResumableWsTestClientBuilder} for the web server of the
 * test.
 */
@AutoConfiguration
public final class ResumableWsTestClientAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	ResumableWsTestClientBuilder resumableWsTestClientBuilder(ApplicationContext context, Environment environment) {
		String path = environment.getProperty("resumable-ws.path", "/ws");
		Supplier<URI> uri = () -> URI.create(LocalTestWebServer.obtain(context).uri(path).replaceFirst("^http", "ws"));
		ResumableWsTestClientBuilder builder = ResumableWsTestClient.builder(uri);
		TestTokens tokens = tokens(environment);
		return (tokens != null) ? builder.tokens(tokens) : builder;
	}

	private static @Nullable TestTokens tokens(Environment environment) {
		String prefix = "resumable-ws.auth.jwt.";
		String secret = environment.getProperty(prefix + "secret");
		if (secret == null) {
			return null;
		}
		TestTokens tokens = TestTokens.signedWith(secret);
		String issuer = environment.getProperty(prefix + "issuer");
		if (issuer != null) {
			tokens = tokens.withClaim("iss", issuer);
		}
		List<String> audiences = Binder.get(environment)
			.bind(prefix + "audiences", Bindable.listOf(String.class))
			.orElse(List.of());
		return audiences.isEmpty() ? tokens : tokens.withClaim("aud", audiences);
	}

}
