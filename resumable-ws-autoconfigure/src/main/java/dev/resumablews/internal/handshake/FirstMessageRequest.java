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
 * Copy of a handshake with the token of the client's first message, for authenticators
 * that read requests. The container's own request cannot be used, because the container
 * may already have reused it for another client. The copy has the token as its {@code
 * Authorization} header, and no cookie, because browsers send cookies for any page that
 * opens the WebSocket.
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
	 * Creates a copy of a handshake without a token.
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
	 * @param token the token, printable ASCII characters without spaces
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
