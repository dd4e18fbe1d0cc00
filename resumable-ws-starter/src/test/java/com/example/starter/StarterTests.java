package com.example.starter;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import dev.resumablews.ResumableSessions;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * Tests an application with only the starter. The build repeats the tests without the
 * dependencies that a user may exclude.
 */
@ExtendWith(OutputCaptureExtension.class)
class StarterTests {

	private static final String NONE = "none";

	private static final String LIQUIBASE = System.getProperty("expected.liquibase", "5");

	private static final boolean SPRING_AI = Boolean.parseBoolean(System.getProperty("expected.spring-ai", "true"));

	private static final String SECRET = "a secret of the tests, longer than 32 bytes";

	private static EmbeddedPostgres postgres;

	@BeforeAll
	static void startPostgres() throws Exception {
		postgres = EmbeddedPostgres.start();
	}

	@AfterAll
	static void stopPostgres() throws Exception {
		postgres.close();
	}

	@Test
	void theClassPathMatchesTheVariant() throws Exception {
		assertThat(isPresent("org.springframework.ai.chat.client.ChatClient")).isEqualTo(SPRING_AI);
		assertThat(isPresent("liquibase.Scope")).isEqualTo(!LIQUIBASE.equals(NONE));
		if (!LIQUIBASE.equals(NONE)) {
			assertThat(Class.forName("liquibase.util.LiquibaseUtil").getMethod("getBuildVersion").invoke(null))
				.asString()
				.startsWith(LIQUIBASE + ".");
		}
	}

	@Test
	void aClientSendsAMessageAndResumes() throws Exception {
		String url = createDatabase();
		if (LIQUIBASE.equals(NONE)) {
			createTables(url);
		}
		try (ConfigurableApplicationContext application = start(url)) {
			assertAClientResumes(application);
		}
		// an up-to-date schema needs no migration
		try (ConfigurableApplicationContext application = start(url)) {
			assertAClientResumes(application);
		}
	}

	@Test
	void withoutLiquibaseMissingTablesAreExplained(CapturedOutput output) throws Exception {
		String url = createDatabase();
		if (!LIQUIBASE.equals(NONE)) {
			start(url).close();
			assertThat(output).doesNotContain("APPLICATION FAILED TO START");
			return;
		}
		assertThatException().isThrownBy(() -> start(url).close());
		assertThat(output).contains("APPLICATION FAILED TO START", "org.liquibase:liquibase-core", "001-tables.sql")
			.doesNotContain("\tat ");
	}

	private static void assertAClientResumes(ConfigurableApplicationContext application) throws Exception {
		String user = UUID.randomUUID().toString();
		URI endpoint = URI
			.create("ws://localhost:" + application.getEnvironment().getRequiredProperty("local.server.port") + "/ws");
		UUID session;
		try (Client client = Client.connect(endpoint, user)) {
			session = UUID.fromString(client.await("session_init").path("session_id").asString());
			client.await("replay_complete");
			client.send("""
					{"type":"user_message","content":"hello","idempotency_key":"%s"}
					""".formatted(UUID.randomUUID()));
			assertThat(client.await("user_message").path("payload").path("content").asString()).isEqualTo("hello");
		}
		application.getBean(ResumableSessions.class).publish(session, "missed", Map.of("n", 1));
		try (Client client = Client.connect(URI.create(endpoint + "?sessionId=" + session + "&lastEventId=1"), user)) {
			assertThat(client.await("session_init").path("resumed").asBoolean()).isTrue();
			JsonNode missed = client.await("missed");
			assertThat(missed.path("event_id").asLong()).isEqualTo(2);
			assertThat(missed.path("replay").asBoolean()).isTrue();
		}
	}

	private static ConfigurableApplicationContext start(String url) {
		return new SpringApplication(Application.class).run("--server.port=0", "--spring.main.banner-mode=off",
				"--spring.datasource.url=" + url, "--resumable-ws.auth.jwt.secret=" + SECRET);
	}

	private static String createDatabase() throws Exception {
		String name = "app_" + UUID.randomUUID().toString().replace("-", "");
		try (Connection connection = postgres.getPostgresDatabase().getConnection()) {
			connection.createStatement().execute("create database " + name);
		}
		return postgres.getJdbcUrl("postgres", name);
	}

	/**
	 * Creates the tables as an administrator would.
	 */
	private static void createTables(String url) throws Exception {
		Resource[] found = new PathMatchingResourcePatternResolver()
			.getResources("classpath*:dev/resumablews/schema/???-*.sql");
		List<Resource> files = Stream.of(found).sorted(Comparator.comparing(Resource::getFilename)).toList();
		try (Connection connection = DriverManager.getConnection(url)) {
			for (Resource file : files) {
				connection.createStatement().execute(file.getContentAsString(StandardCharsets.UTF_8));
			}
		}
	}

	private static boolean isPresent(String name) {
		return ClassUtils.isPresent(name, StarterTests.class.getClassLoader());
	}

	/**
	 * A client that uses the WebSocket of the JDK.
	 */
	private static final class Client implements WebSocket.Listener, AutoCloseable {

		private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

		private final StringBuilder text = new StringBuilder();

		private WebSocket socket;

		static Client connect(URI endpoint, String user) {
			Client client = new Client();
			client.socket = HttpClient.newHttpClient()
				.newWebSocketBuilder()
				.header("Authorization", "Bearer " + token(user))
				.connectTimeout(Duration.ofSeconds(20))
				.buildAsync(endpoint, client)
				.join();
			return client;
		}

		void send(String json) {
			this.socket.sendText(json, true).join();
		}

		JsonNode await(String type) throws InterruptedException {
			while (true) {
				String next = this.received.poll(20, TimeUnit.SECONDS);
				assertThat(next).as("message of type " + type).isNotNull();
				JsonNode message = JsonMapper.shared().readTree(next);
				if (message.path("type").asString().equals(type)) {
					return message;
				}
			}
		}

		@Override
		public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
			this.text.append(data);
			if (last) {
				this.received.add(this.text.toString());
				this.text.setLength(0);
			}
			socket.request(1);
			return null;
		}

		@Override
		public void close() {
			this.socket.abort();
		}

		private static String token(String user) {
			String content = base64("{\"alg\":\"HS256\"}") + "." + base64(
					"{\"sub\":\"%s\",\"exp\":%d}".formatted(user, Instant.now().plusSeconds(600).getEpochSecond()));
			try {
				Mac mac = Mac.getInstance("HmacSHA256");
				mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
				return content + "."
						+ Base64.getUrlEncoder()
							.withoutPadding()
							.encodeToString(mac.doFinal(content.getBytes(StandardCharsets.UTF_8)));
			}
			catch (GeneralSecurityException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private static String base64(String text) {
			return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
