package dev.resumablews.internal.handshake;

import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.security.Principal;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.ServerHttpAsyncRequestControl;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;

/**
 * A handshake with the token that its client has sent in its first message, for
 * authenticators that look at requests. A copy, because the container uses its own
 * request for another client by then. It has the token as its {@code Authorization}
 * header, and no cookie: browsers send cookies for whichever page opens the WebSocket.
 */
final class FirstMessageRequest implements ServerHttpRequest {

	private final HttpMethod method;

	private final URI uri;

	private final HttpHeaders headers;

	private final Map<String, Object> attributes;

	private final @Nullable Principal principal;

	private final InetSocketAddress localAddress;

	private final InetSocketAddress remoteAddress;

	private final @Nullable String token;

	/**
	 * Copies a handshake that has no token.
	 */
	FirstMessageRequest(ServerHttpRequest request) {
		this(request, null);
	}

	private FirstMessageRequest(ServerHttpRequest request, @Nullable String token) {
		this.method = request.getMethod();
		this.uri = request.getURI();
		this.headers = HttpHeaders.copyOf(request.getHeaders());
		this.headers.remove(HttpHeaders.COOKIE);
		if (token != null) {
			this.headers.setBearerAuth(token);
		}
		this.attributes = new HashMap<>(request.getAttributes());
		this.principal = request.getPrincipal();
		this.localAddress = request.getLocalAddress();
		this.remoteAddress = request.getRemoteAddress();
		this.token = token;
	}

	/**
	 * Returns a copy with a token.
	 * @param token the token: characters of ASCII that can be seen
	 */
	FirstMessageRequest with(String token) {
		return new FirstMessageRequest(this, token);
	}

	@Nullable String token() {
		return this.token;
	}

	@Override
	public HttpMethod getMethod() {
		return this.method;
	}

	@Override
	public URI getURI() {
		return this.uri;
	}

	@Override
	public HttpHeaders getHeaders() {
		return this.headers;
	}

	@Override
	public Map<String, Object> getAttributes() {
		return this.attributes;
	}

	@Override
	public InputStream getBody() {
		return InputStream.nullInputStream();
	}

	@Override
	public @Nullable Principal getPrincipal() {
		return this.principal;
	}

	@Override
	public InetSocketAddress getLocalAddress() {
		return this.localAddress;
	}

	@Override
	public InetSocketAddress getRemoteAddress() {
		return this.remoteAddress;
	}

	@Override
	public ServerHttpAsyncRequestControl getAsyncRequestControl(ServerHttpResponse response) {
		throw new UnsupportedOperationException("The handshake is over");
	}

}
