package com.example.chat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.testing.WsTestClient;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A browser with its cookies, as far as the sample's endpoints know one. To be used by
 * one thread.
 */
final class TestBrowser {

	private final HttpClient client = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

	private final int port;

	TestBrowser(int port) {
		this.port = port;
	}

	String signIn() throws IOException, InterruptedException {
		return JsonMapper.shared().readTree(post("/api/sign-in").body()).path("token").stringValue();
	}

	HttpResponse<String> get(String path) throws IOException, InterruptedException {
		return send(request(path).GET());
	}

	HttpResponse<String> post(String path, String... headers) throws IOException, InterruptedException {
		HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.noBody());
		return send((headers.length > 0) ? request.headers(headers) : request);
	}

	int delete(String session) throws IOException, InterruptedException {
		return send(request("/api/conversations/" + session).DELETE()).statusCode();
	}

	JsonNode conversations() throws IOException, InterruptedException {
		return JsonMapper.shared().readTree(get("/api/conversations").body());
	}

	WsTestClient connect(@Nullable String session) throws IOException, InterruptedException {
		return connect(session, 0);
	}

	WsTestClient connect(@Nullable String session, long lastEventId) throws IOException, InterruptedException {
		WsTestClient.Builder builder = WsTestClient.to(this.port, "/ws")
			.header("Sec-WebSocket-Protocol", "resumable-ws.v1, jwt-" + signIn());
		return ((session != null) ? builder.query("sessionId", session).query("lastEventId", lastEventId) : builder)
			.connect();
	}

	/**
	 * Begins a connection to the plain endpoint.
	 */
	WsTestClient.Builder plain() throws IOException, InterruptedException {
		return WsTestClient.to(this.port, "/plain")
			.header("Origin", "http://localhost:" + this.port)
			.header("Sec-WebSocket-Protocol", "plain, jwt-" + signIn());
	}

	/**
	 * Says something in a session, or in a new one, and does not want an answer.
	 * @return the session
	 */
	String say(@Nullable String session, String content) throws IOException, InterruptedException {
		try (WsTestClient client = connect(session)) {
			String key = UUID.randomUUID().toString();
			client.send(Map.of("type", "user_message", "content", content, "idempotency_key", key));
			client.await("ack");
			client.await((message) -> isLive(message, "assistant_started"));
			client.send(Map.of("type", "cancel"));
			client.await((message) -> isLive(message, "assistant_message"));
			return client.await("session_init").path("session_id").stringValue();
		}
	}

	private static boolean isLive(JsonNode message, String type) {
		return message.path("type").asString("").equals(type) && !message.has("replay");
	}

	private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
		return this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("Content-Type", "application/json");
	}

}
