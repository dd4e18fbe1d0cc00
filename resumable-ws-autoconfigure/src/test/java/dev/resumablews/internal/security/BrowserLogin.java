package dev.resumablews.internal.security;

import java.io.IOException;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestServer;

/**
 * A browser that logs in with the login form of Spring Security, and connects from a
 * page.
 */
final class BrowserLogin {

	private static final Pattern CSRF = Pattern.compile("name=\"_csrf\"[^>]*value=\"([^\"]+)\"");

	private final TestServer server;

	private final CookieManager cookies = new CookieManager();

	private final HttpClient client = HttpClient.newBuilder()
		.cookieHandler(this.cookies)
		.followRedirects(Redirect.NEVER)
		.build();

	private BrowserLogin(TestServer server) {
		this.server = server;
	}

	/**
	 * Opens a browser without cookies.
	 */
	static BrowserLogin withoutLogin(TestServer server) {
		return new BrowserLogin(server);
	}

	/**
	 * Logs a user in.
	 * @param more additional fields of the form
	 */
	static BrowserLogin as(TestServer server, String user, String... more) {
		BrowserLogin login = new BrowserLogin(server);
		String form = "username=" + user + "&password=password" + String.join("", more);
		HttpResponse<String> answer = login.submit("/login", "/login", form);
		if (!answer.headers().firstValue("Location").orElse("?").endsWith("/")) {
			throw new AssertionError("Not logged in: " + answer.statusCode() + " " + answer.headers().map());
		}
		return login;
	}

	void logout() {
		submit("/logout", "/logout", "");
	}

	HttpResponse<String> get(String path) {
		return send(HttpRequest.newBuilder(uri(path)).build());
	}

	void forget(String cookie) {
		this.cookies.getCookieStore()
			.getCookies()
			.stream()
			.filter((each) -> each.getName().equals(cookie))
			.toList()
			.forEach((each) -> this.cookies.getCookieStore().remove(null, each));
	}

	ResumableWsTestClientBuilder webSocket() {
		return webSocketFrom(origin());
	}

	ResumableWsTestClientBuilder webSocketFrom(String origin) {
		return ResumableWsTestClient.builder(this.server.uri()).cookie(cookieHeader()).header("Origin", origin);
	}

	HttpTestClient.Builder events() {
		return withPage(HttpTestClient.sse(this.server.uri()));
	}

	HttpTestClient.Builder polls() {
		return withPage(HttpTestClient.longPoll(this.server.uri()));
	}

	String origin() {
		return "http://localhost:" + this.server.port();
	}

	private <B extends TestClient.Builder> B withPage(B builder) {
		builder.header("Cookie", cookieHeader());
		builder.header("Origin", origin());
		return builder;
	}

	private String cookieHeader() {
		return this.cookies.getCookieStore()
			.getCookies()
			.stream()
			.map((HttpCookie cookie) -> cookie.getName() + "=" + cookie.getValue())
			.collect(Collectors.joining("; "));
	}

	private HttpResponse<String> submit(String page, String action, String form) {
		Matcher csrf = CSRF.matcher(get(page).body());
		Map<String, String> token = csrf.find() ? Map.of("_csrf", csrf.group(1)) : Map.of();
		String body = form + token.entrySet()
			.stream()
			.map((entry) -> "&" + entry.getKey() + "=" + URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8))
			.collect(Collectors.joining());
		return send(HttpRequest.newBuilder(uri(action))
			.header("Content-Type", "application/x-www-form-urlencoded")
			.POST(BodyPublishers.ofString(body))
			.build());
	}

	private HttpResponse<String> send(HttpRequest request) {
		try {
			return this.client.send(request, BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new IllegalStateException("No answer to " + request, ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private URI uri(String path) {
		return URI.create(origin() + path);
	}

}
