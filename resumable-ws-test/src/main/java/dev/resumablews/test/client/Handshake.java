package dev.resumablews.test.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Opens a connection that resumes a session.
 */
final class Handshake {

	private static final String SUBPROTOCOL = "resumable-ws.v1";

	private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private Handshake() {
	}

	/**
	 * Opens a connection.
	 * @throws HandshakeRejectedException when the server refuses
	 * @throws UncheckedIOException when there is no answer in time
	 */
	static void perform(ResumableWsTestClientBuilder settings, ReplayedSession session, Connection connection) {
		Supplier<String> supplier = settings.token;
		String token = (supplier != null) ? supplier.get() : null;
		TokenPlacement placement = (token != null) ? settings.placement : null;
		Map<String, String> query = new LinkedHashMap<>(settings.query);
		if (session.sessionId() != null) {
			query.put("sessionId", session.sessionId());
			query.put("lastEventId", String.valueOf(session.lastEventId()));
		}
		if (session.epoch() != null) {
			query.put("epoch", session.epoch());
		}
		HttpClient http = (settings.httpClient != null) ? settings.httpClient : HTTP;
		WebSocket.Builder builder = http.newWebSocketBuilder().connectTimeout(settings.handshakeTimeout);
		settings.headers.forEach(builder::header);
		if (placement == TokenPlacement.SUBPROTOCOL) {
			builder.subprotocols(SUBPROTOCOL, "jwt-" + token);
		}
		else if (placement == TokenPlacement.HEADER) {
			builder.header("Authorization", "Bearer " + token);
		}
		else if (placement == TokenPlacement.COOKIE) {
			builder.header("Cookie", "resumable-ws-token=" + token);
		}
		else if (placement == TokenPlacement.QUERY) {
			query.put("token", String.valueOf(token));
		}
		await(settings, builder.buildAsync(withQuery(settings.uri.get(), query), connection));
		if (placement == TokenPlacement.MESSAGE) {
			connection.send(Map.of("type", "auth", "token", String.valueOf(token)));
		}
	}

	private static void await(ResumableWsTestClientBuilder settings, CompletableFuture<WebSocket> opening) {
		try {
			opening.get(settings.handshakeTimeout.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException ex) {
			Throwable cause = ex.getCause();
			if (cause instanceof WebSocketHandshakeException refused && refused.getResponse() != null) {
				throw new HandshakeRejectedException(refused.getResponse());
			}
			throw new UncheckedIOException(new IOException("No WebSocket could be opened: " + cause, cause));
		}
		catch (TimeoutException ex) {
			abandon(opening);
			throw new UncheckedIOException(new IOException("No WebSocket after " + settings.handshakeTimeout, ex));
		}
		catch (InterruptedException ex) {
			abandon(opening);
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted while connecting", ex);
		}
	}

	private static void abandon(CompletableFuture<WebSocket> opening) {
		opening.thenAccept(WebSocket::abort);
	}

	private static URI withQuery(URI uri, Map<String, String> query) {
		if (query.isEmpty()) {
			return uri;
		}
		String parameters = query.entrySet()
			.stream()
			.map((parameter) -> parameter.getKey() + "="
					+ URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8))
			.collect(Collectors.joining("&"));
		return URI.create(uri + ((uri.getRawQuery() != null) ? "&" : "?") + parameters);
	}

}
