package dev.resumablews.internal.client;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.internal.security.SpringSecurityAutoConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.security.autoconfigure.SecurityAutoConfiguration;
import org.springframework.boot.security.autoconfigure.UserDetailsServiceAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterAutoConfiguration;
import org.springframework.boot.security.autoconfigure.web.servlet.ServletWebSecurityAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of {@link ClientScriptAutoConfiguration}.
 */
class ClientScriptAutoConfigurationTests {

	private static final String MAPPING = "resumableWsClientScriptMapping";

	private static final String PATH = "/resumable-ws/client.js";

	private static final String FALLBACK_PATH = "/resumable-ws/http.js";

	private static final String UNSENT_PATH = "/resumable-ws/unsent.js";

	private static final Path SOURCES = Path.of("..", "resumable-ws-client", "src");

	private static final Path SOURCE = SOURCES.resolve("client.js");

	private final WebApplicationContextRunner runner = new WebApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ClientScriptAutoConfiguration.class));

	@Test
	void theScriptIsServedByDefault() {
		this.runner.run((context) -> assertThat(context).hasNotFailed()
			.hasBean(MAPPING)
			.getBean(MAPPING, SimpleUrlHandlerMapping.class)
			.satisfies(
					(mapping) -> assertThat(mapping.getUrlMap()).containsOnlyKeys(PATH, FALLBACK_PATH, UNSENT_PATH)));
	}

	@ParameterizedTest
	@ValueSource(strings = { "resumable-ws.enabled", "resumable-ws.client.enabled" })
	void theScriptCanBeDisabled(String property) {
		this.runner.withPropertyValues(property + "=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(MAPPING));
	}

	@Test
	void customPath() {
		this.runner.withPropertyValues("resumable-ws.client.path=/js/live.js")
			.run((context) -> assertThat(context.getBean(MAPPING, SimpleUrlHandlerMapping.class).getUrlMap())
				.containsOnlyKeys("/js/live.js", "/js/http.js", "/js/unsent.js"));
	}

	@Test
	void anApplicationsMappingTakesPrecedence() {
		SimpleUrlHandlerMapping own = new SimpleUrlHandlerMapping();
		this.runner.withBean(MAPPING, SimpleUrlHandlerMapping.class, () -> own)
			.run((context) -> assertThat(context.getBean(MAPPING)).isSameAs(own));
	}

	@Test
	void anApplicationWithoutAWebServerServesNothing() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(ClientScriptAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(MAPPING));
	}

	@Test
	void anApplicationWithoutSpringMvcServesNothing() {
		this.runner.withClassLoader(new FilteredClassLoader(SimpleUrlHandlerMapping.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(MAPPING));
	}

	@Test
	void springSecurityIsOptional() {
		this.runner.withClassLoader(new FilteredClassLoader("org.springframework.security"))
			.run((context) -> assertThat(context).hasNotFailed().hasBean(MAPPING));
	}

	@Test
	void theScriptsAreKeptInNativeImages() {
		RuntimeHints hints = new RuntimeHints();
		new ClientScriptRuntimeHints().registerHints(hints, null);
		for (String script : List.of("client.js", "http.js", "unsent.js")) {
			assertThat(RuntimeHintsPredicates.resource().forResource(ClientScript.FOLDER + script)).accepts(hints);
		}
	}

	@ParameterizedTest
	@ValueSource(
			classes = { TomcatServletWebServerAutoConfiguration.class, JettyServletWebServerAutoConfiguration.class })
	void theScriptIsThatOfTheNpmPackage(Class<?> container) throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(container)) {
			HttpResponse<String> response = send(server, "GET", PATH);
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(response.body()).isEqualTo(Files.readString(SOURCE))
				.contains("export class ResumableWebSocket ");
			assertThat(header(response, "Content-Type")).isEqualToIgnoringCase("text/javascript;charset=utf-8");
			assertThat(header(response, "Content-Length")).isEqualTo(String.valueOf(Files.size(SOURCE)));
			assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
			assertThat(header(response, "ETag")).matches("W/\"[0-9a-f]{32}\"");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "http.js", "unsent.js" })
	void theOtherScriptsAreServedNextToTheClient(String script) throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(TomcatServletWebServerAutoConfiguration.class,
				"resumable-ws.client.path=/js/live.js")) {
			assertThat(send(server, "GET", "/js/live.js").body()).contains("import('./http.js')");
			HttpResponse<String> response = send(server, "GET", "/js/" + script);
			assertThat(response.body()).isEqualTo(Files.readString(SOURCES.resolve(script)));
			assertThat(header(response, "Content-Type")).isEqualToIgnoringCase("text/javascript;charset=utf-8");
			assertThat(header(response, "Cache-Control")).isEqualTo("no-cache");
			assertThat(header(response, "ETag")).matches("W/\"[0-9a-f]{32}\"")
				.isNotEqualTo(header(send(server, "GET", "/js/live.js"), "ETag"));
		}
	}

	@ParameterizedTest
	@ValueSource(
			classes = { TomcatServletWebServerAutoConfiguration.class, JettyServletWebServerAutoConfiguration.class })
	void aBrowserWithACachedScriptReceivesNotModified(Class<?> container) throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(container)) {
			String etag = header(send(server, "GET", PATH), "ETag");
			HttpResponse<String> same = send(server, "GET", PATH, "If-None-Match", "\"other\", " + etag);
			assertThat(same.statusCode()).isEqualTo(304);
			assertThat(same.body()).isEmpty();
			assertThat(header(same, "ETag")).isEqualTo(etag);
			assertThat(header(same, "Cache-Control")).isEqualTo("no-cache");
			assertThat(send(server, "GET", PATH, "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
			assertThat(send(server, "HEAD", PATH, "If-None-Match", etag).statusCode()).isEqualTo(304);
		}
	}

	@Test
	void aHeadRequestReturnsTheHeaders() throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(TomcatServletWebServerAutoConfiguration.class)) {
			HttpResponse<String> response = send(server, "HEAD", PATH);
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(response.body()).isEmpty();
			assertThat(header(response, "Content-Length")).isEqualTo(String.valueOf(Files.size(SOURCE)));
			HttpResponse<String> refused = send(server, "POST", PATH);
			assertThat(refused.statusCode()).isEqualTo(405);
			assertThat(header(refused, "Allow")).contains("GET").contains("HEAD");
		}
	}

	@Test
	void aScriptOnACustomPathIsNotHiddenByAController() throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(TomcatServletWebServerAutoConfiguration.class,
				"resumable-ws.client.path=/js/live.js", "server.servlet.context-path=/app")) {
			assertThat(send(server, "GET", "/app/js/live.js").body()).contains("ResumableWebSocket");
			assertThat(send(server, "GET", "/app" + PATH).body()).isEqualTo("a page");
		}
	}

	@Test
	void theScriptIsPublicAndNothingElseIs() throws IOException, InterruptedException {
		try (ConfigurableApplicationContext server = start(List.of(Security.class),
				TomcatServletWebServerAutoConfiguration.class)) {
			assertThat(send(server, "GET", PATH).statusCode()).isEqualTo(200);
			assertThat(send(server, "GET", FALLBACK_PATH).statusCode()).isEqualTo(200);
			assertThat(send(server, "GET", UNSENT_PATH).statusCode()).isEqualTo(200);
			assertThat(send(server, "GET", "/resumable-ws/other.js").statusCode()).isEqualTo(401);
			assertThat(send(server, "GET", "/").statusCode()).isEqualTo(401);
		}
	}

	private static ConfigurableApplicationContext start(Class<?> container, String... properties) {
		return start(List.of(), container, properties);
	}

	private static ConfigurableApplicationContext start(List<Class<?>> configurations, Class<?> container,
			String... properties) {
		List<Class<?>> sources = new ArrayList<>(configurations);
		sources.add(Application.class);
		sources.add(container);
		return new SpringApplicationBuilder(sources.toArray(Class<?>[]::new)).registerShutdownHook(false)
			.properties("server.port=0", "spring.main.banner-mode=off")
			.properties(properties)
			.run();
	}

	private static HttpResponse<String> send(ConfigurableApplicationContext server, String method, String path,
			String... headers) throws IOException, InterruptedException {
		URI uri = URI
			.create("http://localhost:" + server.getEnvironment().getRequiredProperty("local.server.port") + path);
		HttpRequest.Builder request = HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody());
		if (headers.length > 0) {
			request.headers(headers);
		}
		return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	private static String header(HttpResponse<?> response, String name) {
		return response.headers().firstValue(name).orElse("");
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ DispatcherServletAutoConfiguration.class, WebMvcAutoConfiguration.class,
			ClientScriptAutoConfiguration.class })
	@RestController
	static class Application {

		@GetMapping("/**")
		String everything() {
			return "a page";
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SecurityAutoConfiguration.class, ServletWebSecurityAutoConfiguration.class,
			SecurityFilterAutoConfiguration.class, UserDetailsServiceAutoConfiguration.class,
			SpringSecurityAutoConfiguration.class })
	static class Security {

	}

}
