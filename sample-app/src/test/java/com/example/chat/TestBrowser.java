package com.example.chat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.RawWebSocketClient;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * HTTP client that behaves like a browser with cookies, as far as the sample's endpoints
 * depend on it. Not thread-safe.
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

	int delete(UUID session) throws IOException, InterruptedException {
		return send(request("/api/conversations/" + session).DELETE()).statusCode();
	}

	JsonNode conversations() throws IOException, InterruptedException {
		return JsonMapper.shared().readTree(get("/api/conversations").body());
	}

	ResumableWsTestClient connect(@Nullable UUID session) throws IOException, InterruptedException {
		return connect(session, 0);
	}

	ResumableWsTestClient connect(@Nullable UUID session, long lastEventId) throws IOException, InterruptedException {
		ResumableWsTestClientBuilder builder = ResumableWsTestClient.builder(this.port)
			.token(signIn())
			.tokenPlacement(TokenPlacement.SUBPROTOCOL);
		return ((session != null) ? builder.session(session, lastEventId) : builder).connect();
	}

	/**
	 * Returns a builder of a connection to the plain endpoint.
	 */
	RawWebSocketClient.Builder plain() throws IOException, InterruptedException {
		return RawWebSocketClient.to(this.port, "/plain")
			.header("Origin", "http://localhost:" + this.port)
			.header("Sec-WebSocket-Protocol", "plain, jwt-" + signIn());
	}

	/**
	 * Sends a message in a session, or in a new one, and cancels the answer.
	 * @return the session
	 */
	UUID say(@Nullable UUID session, String content) throws IOException, InterruptedException {
		try (ResumableWsTestClient client = connect(session)) {
			client.awaitAck(client.say(content));
			client.await(ServerFrame.class, (message) -> isLive(message.json(), "assistant_started"));
			client.sendOnce(Map.of("type", "cancel"));
			client.await(ServerFrame.class, (message) -> isLive(message.json(), "assistant_message"));
			return client.sessionId();
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
