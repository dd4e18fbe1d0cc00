package dev.resumablews.testing;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * An application with the library's auto-configuration, on a real web server and a real
 * Postgres.
 */
public final class TestServer implements AutoCloseable {

	private static final int START_ATTEMPTS = 3;

	private static final List<String> SECURITY = List.of(
			"org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.actuate.web.servlet.ManagementWebSecurityAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration",
			"org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration");

	private static final List<String> EXCLUDED = List.of(
			"org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration",
			"org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration");

	private static final List<String> TOMCAT = List.of(
			"org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration",
			"org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration");

	private static final List<String> JETTY = List.of(
			"org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration",
			"org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyServletManagementContextAutoConfiguration");

	private final ConfigurableApplicationContext context;

	private TestServer(ConfigurableApplicationContext context) {
		this.context = context;
	}

	/**
	 * Starts a server on Tomcat with a separate database.
	 * @param properties pairs of name and value
	 * @return the server
	 */
	public static TestServer start(String... properties) {
		return builder().properties(properties).start();
	}

	/**
	 * Returns the auto-configurations that an application on Tomcat excludes.
	 * @return the value for {@code spring.autoconfigure.exclude}
	 */
	public static String excludedOnTomcat() {
		return String.join(",", EXCLUDED) + "," + String.join(",", JETTY);
	}

	/**
	 * Returns a builder for a server.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	public int port() {
		return Integer.parseInt(this.context.getEnvironment().getRequiredProperty("local.server.port"));
	}

	public URI uri() {
		return URI.create("ws://localhost:" + port() + "/ws");
	}

	public <T> T bean(Class<T> type) {
		return this.context.getBean(type);
	}

	/**
	 * Returns the context of the application, to stop, pause and start it.
	 */
	public ConfigurableApplicationContext context() {
		return this.context;
	}

	public boolean isRunning() {
		return this.context.isActive();
	}

	@Override
	public void close() {
		this.context.close();
	}

	/**
	 * Builder for {@link TestServer}.
	 */
	public static final class Builder {

		private final List<Class<?>> sources = new ArrayList<>(List.of(Application.class));

		private final Map<String, Object> properties = new LinkedHashMap<>();

		private @Nullable OpenAiStub model;

		private final List<String> excluded = new ArrayList<>(EXCLUDED);

		private boolean jetty;

		private boolean security;

		private Builder() {
			this.properties.put("server.port", "0");
			this.properties.put("server.address", "localhost");
			this.properties.put("resumable-ws.auth.jwt.secret", Tokens.SECRET);
			// logs URLs, so that LoggedTokens finds tokens in them
			this.properties.put("resumable-ws.auth.token-sources", "header,subprotocol,cookie,query");
			// most tests end while replies are running and clients are connected
			this.properties.put("resumable-ws.shutdown.timeout", "5s");
			this.properties.put("resumable-ws.shutdown.reply-grace", "0s");
			this.properties.put("resumable-ws.shutdown.reconnect-window", "0s");
			this.properties.put("spring.main.banner-mode", "off");
			this.properties.put("management.health.redis.enabled", "false");
			for (String kind : List.of("embedding", "image", "audio.speech", "audio.transcription", "moderation")) {
				this.properties.put("spring.ai.model." + kind, "none");
			}
		}

		public Builder properties(String... pairs) {
			for (int i = 0; i < pairs.length; i += 2) {
				this.properties.put(pairs[i], pairs[i + 1]);
			}
			return this;
		}

		/**
		 * Removes a default property of test servers.
		 */
		public Builder unset(String property) {
			this.properties.remove(property);
			return this;
		}

		/**
		 * Secures the application with Spring Security.
		 */
		public Builder security() {
			this.security = true;
			return this;
		}

		public Builder database(String url) {
			return properties("spring.datasource.url", url);
		}

		/**
		 * Adds a configuration class to the application.
		 */
		public Builder with(Class<?> source) {
			this.sources.add(source);
			return this;
		}

		/**
		 * Excludes an auto-configuration.
		 */
		public Builder without(String autoConfiguration) {
			this.excluded.add(autoConfiguration);
			return this;
		}

		/**
		 * Generates replies with a model behind OpenAI's API. Without it, there are no
		 * replies.
		 */
		public Builder model(OpenAiStub model) {
			this.model = model;
			return this;
		}

		public Builder jetty(boolean jetty) {
			this.jetty = jetty;
			return this;
		}

		public TestServer start() {
			List<String> excluded = new ArrayList<>(this.excluded);
			excluded.addAll(this.jetty ? TOMCAT : JETTY);
			if (!this.security) {
				excluded.addAll(SECURITY);
			}
			this.properties.put("spring.autoconfigure.exclude", String.join(",", excluded));
			this.properties.computeIfAbsent("spring.datasource.url", (name) -> TestPostgres.createDatabase());
			if (this.model != null) {
				this.properties.put("spring.ai.openai.base-url", this.model.baseUrl());
				this.properties.put("spring.ai.openai.api-key", "test");
			}
			else {
				this.properties.put("spring.ai.model.chat", "none");
			}
			SpringApplication application = new SpringApplicationBuilder(this.sources.toArray(Class<?>[]::new))
				.web(WebApplicationType.SERVLET)
				.registerShutdownHook(false)
				.properties(this.properties)
				.build();
			OneAtATime.initializeLogging(application);
			return new TestServer(run(application));
		}

		/**
		 * Retries the start after an injected fault, as a supervisor would.
		 */
		private static ConfigurableApplicationContext run(SpringApplication application) {
			for (int attempt = 1;; attempt++) {
				try {
					return application.run();
				}
				catch (RuntimeException ex) {
					if (!TestPostgres.hasFaults() || attempt == START_ATTEMPTS) {
						throw ex;
					}
				}
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
