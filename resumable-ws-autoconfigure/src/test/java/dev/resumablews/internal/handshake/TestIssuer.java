package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.concurrent.atomic.AtomicInteger;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

/**
 * An issuer of tokens that can be unavailable.
 */
final class TestIssuer implements AutoCloseable {

	final KeyPair keys = TestTokens.rsaKeys();

	final AtomicInteger keyRequests = new AtomicInteger();

	volatile boolean unreachable;

	volatile String wellKnown = "/tenant/.well-known/openid-configuration";

	volatile String claimedIssuer;

	private final HttpServer server;

	TestIssuer() {
		try {
			this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.claimedIssuer = uri();
		this.server.createContext("/", this::answer);
		this.server.start();
	}

	String uri() {
		return "http://localhost:" + this.server.getAddress().getPort() + "/tenant";
	}

	String jwkSetUri() {
		return uri() + "/keys";
	}

	String token(String user) {
		return token(user, uri());
	}

	String token(String user, String issuer) {
		return TestTokens.signed(TestTokens.claims(user).issuer(issuer), this.keys, "first");
	}

	private void answer(HttpExchange exchange) throws IOException {
		try (exchange) {
			String path = exchange.getRequestURI().getPath();
			if (this.unreachable) {
				exchange.sendResponseHeaders(500, -1);
			}
			else if (path.equals(this.wellKnown)) {
				answer(exchange,
						"{\"issuer\": \"%s\", \"jwks_uri\": \"%s\"}".formatted(this.claimedIssuer, jwkSetUri()));
			}
			else if (path.equals("/tenant/keys")) {
				this.keyRequests.incrementAndGet();
				answer(exchange, TestTokens.jwkSet(this.keys, "first"));
			}
			else {
				exchange.sendResponseHeaders(404, -1);
			}
		}
	}

	private static void answer(HttpExchange exchange, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		exchange.sendResponseHeaders(200, bytes.length);
		exchange.getResponseBody().write(bytes);
	}

	@Override
	public void close() {
		this.server.stop(0);
	}

}
