package dev.resumablews.internal.http;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that HTTP requests are rejected if they are malformed or come from a page of a
 * foreign origin.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class HttpRequestTests {

	private static final String APP = "https://app.example.com";

	private final boolean jetty;

	private TestServer server;

	private String session;

	HttpRequestTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.properties("resumable-ws.allowed-origins", "self," + APP, "resumable-ws.user.messages-per-second", "0",
					"resumable-ws.user.size-per-second", "0", "resumable-ws.user.frames-per-second", "0",
					"resumable-ws.connection.max-message-size", "10KB", "resumable-ws.http.max-request-size", "100KB")
			.start();
		try (HttpTestClient client = HttpTestClient.sse(this.server.uri())
			.query("token", Tokens.forUser("alice"))
			.connect()) {
			this.session = client.next().path("session_id").asString("");
		}
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@ParameterizedTest
	@CsvSource({ "HEAD, sse, 405", "POST, sse, 405", "PUT, sse, 405", "OPTIONS, sse, 405", "GET, messages, 405",
			"HEAD, messages, 405", "DELETE, messages, 405", "GET, sse?lastEventId=x, 400",
			"GET, sse?lastEventId=-1, 400", "GET, sse?sessionId=1, 400", "GET, sse?wait=x, 400",
			"GET, sse?wait=-1, 400", "GET, sse?wait=1s, 400", "GET, sse?wait=9999999999, 400", "GET, sse?frames=x, 400",
			"GET, sse?epoch=%7B, 400", "GET, sse?sessionId=%zz, 400", "POST, messages, 400",
			"POST, messages?sessionId=1, 400", "POST, messages?sessionId=, 400" })
	void anInvalidRequestIsRejected(String method, String target, int status) {
		HttpResponse response = send(method, target, Map.of(), method.equals("POST") ? "{}" : null);
		assertThat(response.status()).isEqualTo(status);
		assertThat(response.header("Cache-Control")).isEqualTo("no-store");
		if (status == 405) {
			assertThat(response.header("Allow")).isEqualTo(target.startsWith("sse") ? "GET" : "POST");
		}
	}

	@Test
	void aRequestForEventsWithAMalformedHeaderOrABodyIsRejected() {
		assertThat(send("GET", "sse", Map.of("Last-Event-ID", "x"), null).status()).isEqualTo(400);
		assertThat(send("GET", "sse", Map.of(), "x").status()).isEqualTo(400);
	}

	@ParameterizedTest
	@CsvSource(nullValues = "none",
			value = { "none, 415", "text/plain, 415", "application/x-www-form-urlencoded, 415", "nonsense, 415",
					"application/json;charset=iso-8859-1, 415", "application/json-patch+json, 415",
					"application/*, 400", "application/json, 200", "application/json;charset=utf-8, 200",
					"Application/JSON; charset=\"UTF-8\", 200" })
	void aContentTypeThatNeedsNoPreflightIsRejected(String type, int status) {
		Map<String, String> headers = (type != null) ? Map.of("Content-Type", type) : Map.of();
		assertThat(send("POST", messages(), headers, "{\"type\":\"ping\"}").status()).isEqualTo(status);
	}

	@Test
	void aContentEncodingIsRejected() {
		assertThat(send("POST", messages(), Map.of("Content-Type", "application/json", "Content-Encoding", "gzip"),
				"{\"type\":\"ping\"}")
			.status()).isEqualTo(415);
	}

	static List<Body> bodies() {
		String large = "{\"type\":\"ping\",\"padding\":\"" + "x".repeat(10 * 1024) + "\"}";
		String ping = "{\"type\":\"ping\"}";
		return List.of(new Body("nothing", "", 400), new Body("no JSON", "nonsense", 400),
				new Body("a number", "5", 400), new Body("a text", "\"x\"", 400),
				new Body("two values", ping + ping, 400), new Body("an open array", "[" + ping, 400),
				new Body("an open object", "{\"type\":", 400),
				new Body("deep", "[".repeat(2000) + "]".repeat(2000), 400), new Body("too large a message", large, 413),
				new Body("too large a message in an array", "[" + ping + "," + large + "]", 413),
				new Body("too much",
						"[" + (ping.replace("}", ",\"p\":\"" + "x".repeat(5000) + "\"},").repeat(30)) + ping + "]",
						413),
				new Body("too many", "[" + (ping + ",").repeat(100) + ping + "]", 413),
				new Body("as many as may be", "[" + (ping + ",").repeat(99) + ping + "]", 200),
				new Body("none", "[]", 200), new Body("nulls", "[null, 1, \"x\", [], {}]", 200));
	}

	@ParameterizedTest
	@MethodSource("bodies")
	void requestBodiesAreValidated(Body body) {
		HttpResponse response = send("POST", messages(), Map.of("Content-Type", "application/json"), body.text);
		assertThat(response.status()).isEqualTo(body.status);
		if (body.status == 400) {
			assertThat(response.body()).startsWith("{\"type\":\"error\",\"code\":\"malformed\"");
		}
		if (body.name.equals("nulls")) {
			assertThat(response.body().split("malformed")).hasSize(6);
		}
	}

	@Test
	void aTokenIsRequired() {
		for (String token : new String[] { null, "nonsense", Tokens.forged("alice"), Tokens.unsigned("alice") }) {
			Map<String, String> headers = new LinkedHashMap<>(Map.of("Content-Type", "application/json"));
			if (token != null) {
				headers.put("Authorization", "Bearer " + token);
			}
			for (HttpResponse response : List.of(request("GET", "sse", headers, null),
					request("POST", messages(), headers, "{\"type\":\"ping\"}"))) {
				assertThat(response.status()).isEqualTo(401);
				assertThat(response.header("WWW-Authenticate")).startsWith("Bearer");
			}
		}
	}

	@Test
	void aMissingSessionIsUnknown() {
		HttpResponse response = send("POST", "messages?sessionId=" + UUID.randomUUID(),
				Map.of("Content-Type", "application/json"), "{\"type\":\"ping\"}");
		assertThat(response.status()).isEqualTo(404);
		assertThat(response.body()).contains("\"code\":\"unknown_session\"");
	}

	/**
	 * A page controls the headers of its requests only as far as the browser allows. The
	 * columns are the origin, the site, the referrer, and the credentials.
	 */
	@ParameterizedTest
	@CsvSource({ "-, -, -, cookie, 403", "-, same-origin, -, cookie, 200", "-, same-site, -, cookie, 403",
			"-, cross-site, -, cookie, 403", "-, none, -, cookie, 403", "-, -, own, cookie, 200",
			"-, -, https://app.example.com/page, cookie, 200", "-, -, https://evil.example.com/, cookie, 403",
			"-, -, https://app.example.com.evil.example/, cookie, 403", "-, cross-site, own, cookie, 403",
			"own, -, -, cookie, 200", "https://app.example.com, cross-site, -, cookie, 200",
			"https://evil.example.com, cross-site, -, cookie, 403", "null, -, -, cookie, 403",
			"null, cross-site, own, cookie, 403", "-, -, -, header, 200", "-, cross-site, -, header, 200",
			"https://evil.example.com, -, -, header, 403", "-, -, -, basic, 403", "-, cross-site, -, query, 403",
			"-, none, -, query, 200", "-, -, -, query, 200" })
	void aForeignPageCannotUseCookies(String origin, String site, String referrer, String proof, int status) {
		Map<String, String> headers = new LinkedHashMap<>();
		String own = "http://localhost:" + this.server.port();
		put(headers, "Origin", origin.equals("own") ? own : origin);
		put(headers, "Sec-Fetch-Site", site);
		put(headers, "Referer", referrer.equals("own") ? own + "/page.html" : referrer);
		String token = Tokens.forUser("alice");
		String query = "";
		switch (proof) {
			case "cookie" -> headers.put("Cookie", "resumable-ws-token=" + token);
			case "basic" -> {
				headers.put("Cookie", "resumable-ws-token=" + token);
				headers.put("Authorization", "Basic YWxpY2U6c2VjcmV0");
			}
			case "header" -> {
				headers.put("Cookie", "other=1");
				headers.put("Authorization", "Bearer " + token);
			}
			default -> query = "&token=" + token;
		}
		assertThat(request("GET", "sse?wait=0" + query, headers, null).status()).isEqualTo(status);
		headers.put("Content-Type", "application/json");
		assertThat(request("POST", messages() + query, headers, "{\"type\":\"ping\"}").status()).isEqualTo(status);
	}

	@Test
	void anAllowedPageOfAnotherOriginCanReadResponsesAndErrors() {
		Map<String, String> headers = new LinkedHashMap<>(Map.of("Origin", APP));
		HttpResponse refused = request("GET", "sse", headers, null);
		assertThat(refused.status()).isEqualTo(401);
		headers.put("Authorization", "Bearer " + Tokens.forUser("alice"));
		HttpResponse events = request("GET", "sse?wait=0", headers, null);
		headers.put("Content-Type", "application/json");
		HttpResponse answer = request("POST", messages(), headers, "{\"type\":\"ping\"}");
		for (HttpResponse response : List.of(refused, events, answer)) {
			assertThat(response.header("Access-Control-Allow-Origin")).isEqualTo(APP);
			assertThat(response.header("Access-Control-Allow-Credentials")).isEqualTo("true");
			assertThat(response.header("Access-Control-Expose-Headers")).contains("Retry-After");
			assertThat(response.head().headers().get("Vary")).contains("Origin");
		}
	}

	@Test
	void aForeignPageCannotReadResponses() {
		HttpResponse refused = request("GET", "sse?wait=0",
				Map.of("Origin", "https://evil.example.com", "Authorization", "Bearer " + Tokens.forUser("alice")),
				null);
		assertThat(refused.status()).isEqualTo(403);
		assertThat(refused.header("Access-Control-Allow-Origin")).isNull();
	}

	@ParameterizedTest
	@CsvSource({ "sse, GET, 'authorization,last-event-id', https://app.example.com, 200",
			"messages, POST, 'authorization,content-type', https://app.example.com, 200",
			"messages, POST, content-type, https://evil.example.com, 403", "messages, POST, content-type, null, 403",
			"messages, PUT, content-type, https://app.example.com, 403",
			"messages, POST, x-other, https://app.example.com, 403" })
	void preflightRequestsAreAnswered(String target, String method, String names, String origin, int status) {
		HttpResponse response = request("OPTIONS", target, Map.of("Origin", origin, "Access-Control-Request-Method",
				method, "Access-Control-Request-Headers", names), null);
		assertThat(response.status()).isEqualTo(status);
		if (status == 200) {
			assertThat(response.header("Access-Control-Allow-Origin")).isEqualTo(origin);
			assertThat(response.header("Access-Control-Allow-Methods")).contains(method);
			assertThat(response.header("Access-Control-Allow-Credentials")).isEqualTo("true");
		}
		else {
			assertThat(response.header("Access-Control-Allow-Origin")).isNull();
		}
	}

	private static void put(Map<String, String> headers, String name, String value) {
		if (!value.equals("-")) {
			headers.put(name, value);
		}
	}

	private String messages() {
		return "messages?sessionId=" + this.session;
	}

	private HttpResponse send(String method, String target, Map<String, String> headers, String body) {
		Map<String, String> all = new LinkedHashMap<>(headers);
		all.put("Authorization", "Bearer " + Tokens.forUser("alice"));
		return request(method, target, all, body);
	}

	private HttpResponse request(String method, String target, Map<String, String> headers, String body) {
		return HttpResponse.of(this.server.port(), method, "/ws/" + target, headers, body);
	}

	/**
	 * A request body and the status of its response.
	 */
	record Body(String name, String text, int status) {

		@Override
		public String toString() {
			return this.name;
		}

	}

}
