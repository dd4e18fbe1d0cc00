package dev.resumablews.test.client;

import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link ResumableWsTestClient}. Immutable: each method returns another builder,
 * so one builder can serve many tests and threads.
 */
public final class ResumableWsTestClientBuilder {

	Supplier<URI> uri;

	Map<String, String> query = new LinkedHashMap<>();

	Map<String, String> headers = new LinkedHashMap<>();

	@Nullable TestTokens tokens;

	@Nullable Supplier<String> token;

	TokenPlacement placement = TokenPlacement.HEADER;

	@Nullable UUID sessionId;

	long lastEventId;

	Duration timeout = Duration.ofSeconds(20);

	Duration handshakeTimeout = Duration.ofSeconds(10);

	@Nullable HttpClient httpClient;

	ResumableWsTestClientBuilder(Supplier<URI> uri) {
		this.uri = uri;
	}

	private ResumableWsTestClientBuilder with(Consumer<ResumableWsTestClientBuilder> change) {
		ResumableWsTestClientBuilder copy = new ResumableWsTestClientBuilder(this.uri);
		copy.query = new LinkedHashMap<>(this.query);
		copy.headers = new LinkedHashMap<>(this.headers);
		copy.tokens = this.tokens;
		copy.token = this.token;
		copy.placement = this.placement;
		copy.sessionId = this.sessionId;
		copy.lastEventId = this.lastEventId;
		copy.timeout = this.timeout;
		copy.handshakeTimeout = this.handshakeTimeout;
		copy.httpClient = this.httpClient;
		change.accept(copy);
		return copy;
	}

	/**
	 * Sets the endpoint.
	 * @param uri the endpoint, such as {@code wss://localhost:8443/ws}
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder uri(URI uri) {
		return uri(() -> uri);
	}

	/**
	 * Sets the endpoint, which is read for each connection.
	 * @param uri supplies the endpoint
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder uri(Supplier<URI> uri) {
		return with((builder) -> builder.uri = uri);
	}

	/**
	 * Sets the issuer of tokens for {@link #user}.
	 * @param tokens the issuer
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder tokens(TestTokens tokens) {
		return with((builder) -> builder.tokens = tokens);
	}

	/**
	 * Sets the user, for whom a token is issued for each connection.
	 * @param userId the user's id
	 * @return another builder
	 * @throws IllegalStateException if there is no issuer
	 */
	public ResumableWsTestClientBuilder user(String userId) {
		TestTokens issuer = this.tokens;
		if (issuer == null) {
			throw new IllegalStateException(
					"There is no issuer of tokens. Set resumable-ws.auth.jwt.secret in the test, or call tokens(…) or token(…)");
		}
		return token(() -> issuer.forUser(userId));
	}

	/**
	 * Sets the token.
	 * @param token the token
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder token(String token) {
		return token(() -> token);
	}

	/**
	 * Sets the token, which is read for each connection.
	 * @param token supplies the token
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder token(Supplier<String> token) {
		return with((builder) -> builder.token = token);
	}

	/**
	 * Sets where the token is put; by default in the header {@code Authorization}.
	 * @param placement the place
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder tokenPlacement(TokenPlacement placement) {
		return with((builder) -> builder.placement = placement);
	}

	/**
	 * Resumes a session from its first event.
	 * @param sessionId the session's id
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder session(UUID sessionId) {
		return session(sessionId, 0);
	}

	/**
	 * Resumes a session after an event.
	 * @param sessionId the session's id
	 * @param lastEventId the event's id, 0 or more
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder session(UUID sessionId, long lastEventId) {
		return with((builder) -> {
			builder.sessionId = sessionId;
			builder.lastEventId = lastEventId;
		});
	}

	/**
	 * Sets a query parameter.
	 * @param name the parameter's name
	 * @param value the value, which is encoded
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder query(String name, Object value) {
		return with((builder) -> builder.query.put(name, value.toString()));
	}

	/**
	 * Sets a header of the handshake.
	 * @param name the header's name, such as {@code Origin}
	 * @param value the value
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder header(String name, String value) {
		return with((builder) -> builder.headers.put(name, value));
	}

	/**
	 * Sets the cookies of the handshake.
	 * @param cookies the value of the header {@code Cookie}
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder cookie(String cookies) {
		return header("Cookie", cookies);
	}

	/**
	 * Sets how long each wait lasts at most; 20 seconds by default.
	 * @param timeout the time-out
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder timeout(Duration timeout) {
		return with((builder) -> builder.timeout = timeout);
	}

	/**
	 * Sets how long one attempt to connect lasts at most; 10 seconds by default.
	 * @param timeout the time-out
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder handshakeTimeout(Duration timeout) {
		return with((builder) -> builder.handshakeTimeout = timeout);
	}

	/**
	 * Sets the HTTP client to connect with, for example one that trusts the certificate
	 * of a test.
	 * @param httpClient the HTTP client
	 * @return another builder
	 */
	public ResumableWsTestClientBuilder httpClient(HttpClient httpClient) {
		return with((builder) -> builder.httpClient = httpClient);
	}

	/**
	 * Connects, and waits until the server has sent {@code session_init} or has closed
	 * the connection.
	 * @return a client that does not reconnect
	 * @throws HandshakeRejectedException when the server refuses
	 * @throws java.io.UncheckedIOException when the server cannot be reached
	 */
	public ResumableWsTestClient connect() {
		return ResumableWsTestClient.connect(this);
	}

	/**
	 * Starts a client that connects in the background, and reconnects whenever its
	 * connection ends. It gives up after a close code or status that the protocol defines
	 * as final, or when it cannot connect for as long as the time-out.
	 * @return the client, which may not be connected yet
	 */
	public ResumableWsTestClient start() {
		return ResumableWsTestClient.start(this);
	}

}
