package dev.resumablews.internal.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.CloseCode;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.testing.Executables;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the JavaScript in {@code docs/protocol.md} that needs no library, in a browser.
 */
class EventSourceTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final Pattern SNIPPET = Pattern.compile("### \\d\\.\\d With `EventSource` alone.*?```js\\n(.*?)```",
			Pattern.DOTALL);

	@Test
	void theDocumentedScriptResumesAndSends(@TempDir Path profile) throws Exception {
		Path chromium = Executables.find("chromium", "chromium-browser", "google-chrome").orElse(null);
		Assumptions.assumeTrue(chromium != null, "Chromium is not installed");
		try (TestServer server = TestServer.builder()
			.with(Page.class)
			.properties("resumable-ws.auth.token-sources", "cookie")
			.start()) {
			Process browser = new ProcessBuilder(chromium.toString(), "--headless", "--no-sandbox", "--disable-gpu",
					"--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
					"--disable-sync", "--user-data-dir=" + profile, "http://localhost:" + server.port() + "/page")
				.redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			try {
				visit(server);
			}
			finally {
				browser.descendants().forEach(ProcessHandle::destroy);
				browser.destroy();
				browser.waitFor(20, TimeUnit.SECONDS);
			}
		}
	}

	@Test
	void theDocumentedScriptHasTwentyLinesOrFewer() throws IOException {
		assertThat(snippet().lines().filter((line) -> !line.isBlank()).count()).isLessThanOrEqualTo(20);
	}

	private void visit(TestServer server) throws InterruptedException {
		Connections connections = server.bean(Connections.class);
		ResumableSessions sessions = server.bean(ResumableSessions.class);
		await().atMost(PATIENCE).until(() -> connections.all().stream().anyMatch(Connection::isOpen));
		UUID session = connections.all().iterator().next().sessionId();
		sessions.publish(session, "tick", Map.of("n", 1));
		assertThat(report(server)).isEqualTo("1 tick");
		List<Connection> closed = List.copyOf(connections.all());
		closed.forEach((connection) -> {
			connection.announceRestart();
			connection.close(CloseCode.RESTART);
		});
		await().atMost(PATIENCE).until(() -> connections.all().stream().noneMatch(closed::contains));
		sessions.publish(session, "tick", Map.of("n", 2));
		assertThat(report(server)).isEqualTo("2 tick");
		sessions.publish(session, "please", Map.of());
		assertThat(report(server)).isEqualTo("3 please");
		assertThat(new String[] { report(server), report(server) }).containsExactlyInAnyOrder("4 user_message",
				"answer ack 4");
		sessions.close(session);
		await().atMost(PATIENCE).until(() -> connections.all().isEmpty());
	}

	private static String report(TestServer server) throws InterruptedException {
		return server.bean(Page.class).reports.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
	}

	private static String snippet() throws IOException {
		Matcher snippet = SNIPPET.matcher(Files.readString(Path.of("../docs/protocol.md")));
		assertThat(snippet.find()).isTrue();
		return snippet.group(1);
	}

	@RestController
	static class Page {

		private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();

		@GetMapping("/page")
		ResponseEntity<String> page() throws IOException {
			return ResponseEntity.ok()
				.header(HttpHeaders.SET_COOKIE, "resumable-ws-token=" + Tokens.forUser("alice") + "; HttpOnly")
				.contentType(MediaType.TEXT_HTML)
				.body("""
						<!doctype html><script>
						%s
						let reported = Promise.resolve();
						const report = (text) => {
							reported = reported.then(() => fetch('/report', { method: 'POST', body: text }));
						};
						const send = connect('/ws', (event) => {
							report(`${event.event_id} ${event.type}`);
							if (event.type === 'please') {
								send({ type: 'user_message', content: 'hello', idempotency_key: crypto.randomUUID() })
									.then((answer) => report(`answer ${answer.type} ${answer.event_id}`));
							}
						});
						</script>
						""".formatted(snippet()));
		}

		@PostMapping("/report")
		void report(@RequestBody String text) {
			this.reports.add(text);
		}

	}

}
