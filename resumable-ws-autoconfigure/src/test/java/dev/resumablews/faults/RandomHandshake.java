package dev.resumablews.faults;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/**
 * The random head of a request: a valid handshake, or one with an anomaly.
 *
 * @param bytes the request
 * @param signed whether it contains a token with a valid signature
 */
record RandomHandshake(byte[] bytes, boolean signed) {

	private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

	private static final String[] METHODS = { "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE", "CONNECT", "PRI",
			"get", "G\u0000T", "X".repeat(300), "" };

	private static final String[] PATHS = { "/ws/", "//ws", "/WS", "/ws;x=1", "/ws%2f", "/ws%00", "/./ws", "/x/../ws",
			"/ws/../ws", "*", "ws", "http://localhost/ws", "http://evil.example/ws", "/%", "/%zz", "/\\ws", "/ws\u00e9",
			"" };

	private static final String[] VERSIONS = { "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1 ", "http/1.1",
			"HTTP/", "", "XTTP/1.1" };

	private static final String[] PARAMETERS = { "sessionId", "lastEventId", "epoch", "frames", "token", "jwt", "x",
			"sessionid", "" };

	private static final String[] VALUES = { "", "0", "1", "-1", "+1", "1.5", "1e3", "9223372036854775807",
			"9223372036854775808", "99999999999999999999", "%D9%A3", "%00", "%", "%z", "%zz", "%ed%a0%80", "%ff", "%20",
			"+", "ndjson", "NDJSON", "4a4b.1", "*", "a*1.b*2", "..", "1-1-1-1-1",
			"00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
			"ffffffff-ffff-ffff-ffff-fffffffffffff", "null", "'", "\"", "<script>", "%0d%0aX:%20y", "\u00e9", "a b",
			"\u0001", "a".repeat(1000), "a".repeat(1001), "a".repeat(9000) };

	private static final String[] HEADERS = { "Host", "Upgrade", "Connection", "Sec-WebSocket-Version",
			"Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Origin", "Cookie",
			"Authorization", "Content-Length", "Transfer-Encoding", "Expect", "X-Forwarded-For", "Forwarded",
			"X-Forwarded-Host", "Accept", "Range", "HTTP2-Settings", "Te", "Trailer", "Keep-Alive", "Proxy-Connection",
			"Content-Type" };

	private static final String[] HEADER_VALUES = { "", " ", "\t", ",", ",,,", ";", "=", "\"", "*", "null", "0", "-1",
			"13", "14", "8", "13, 14", "websocket", "WebSocket, h2c", "h2c", "upgrade", "keep-alive, Upgrade", "close",
			"resumable-ws.v1", "jwt-", "jwt-x", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", "Digest x",
			"resumable-ws-token=", "resumable-ws-token=x", "resumable-ws-token=\"", "a=b; a=c; $Version=1", "chunked",
			"identity", "chunked, chunked", "5", "100-continue", "http://evil.example", "https://localhost", "http://",
			"http://[::1", "http://localhost:99999", "file://", "localhost", "localhost:", "localhost:x", "[::1]:80",
			"evil.example@localhost", "127.0.0.1", "::1", "for=127.0.0.1", "for=\"[::1]\"", "bytes=0-",
			"permessage-deflate", "permessage-deflate; client_max_window_bits=99", "permessage-deflate; x=\"",
			"x; y; z=1, a", "dGhlIHNhbXBsZSBub25jZQ", "AAAA", "not base64 at all!", "\u00e9\u00ff", "a\u0000b",
			"a\u0001b", "a\u007fb", "a\rb", "<script>", "${jndi:x}", "%00", "x".repeat(300), "x".repeat(5000),
			"a,".repeat(2000) };

	/**
	 * Generates a request.
	 * @param random the source of randomness
	 * @param user the user of the token
	 * @param port the port of the server
	 * @param session the id of another user's session
	 */
	static RandomHandshake of(Random random, String user, int port, String session) {
		RandomToken token = (random.nextInt(3) == 0) ? RandomToken.valid(user) : RandomToken.of(random, user);
		List<String> headers = new ArrayList<>(List.of("Host: localhost:" + port, "Upgrade: websocket",
				"Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + KEY));
		List<String> query = new ArrayList<>();
		place(random, token.text(), headers, query);
		String method = "GET";
		String path = "/ws";
		String version = "HTTP/1.1";
		for (int i = random.nextInt(4); i > 0; i--) {
			switch (random.nextInt(12)) {
				case 0 -> method = RandomJson.oneOf(random, METHODS);
				case 1 -> path = RandomJson.oneOf(random, PATHS);
				case 2 -> version = RandomJson.oneOf(random, VERSIONS);
				case 3, 4, 5, 6 -> query.add(random.nextInt(query.size() + 1), parameter(random, session));
				default -> changeHeader(random, headers);
			}
		}
		String target = path + (query.isEmpty() ? "" : "?" + String.join("&", query));
		byte[] bytes = (method + " " + target + " " + version + "\r\n" + String.join("\r\n", headers) + "\r\n\r\n")
			.getBytes((random.nextInt(4) == 0) ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
		if (random.nextInt(10) == 0) {
			for (int i = random.nextInt(4); i >= 0; i--) {
				// keeps the end of the head, because the server would wait for it
				bytes[random.nextInt(bytes.length - 4)] = (byte) random.nextInt(256);
			}
		}
		return new RandomHandshake(bytes, token.signed());
	}

	private static void place(Random random, String token, List<String> headers, List<String> query) {
		switch (random.nextInt(5)) {
			case 0 -> headers.add("Authorization: Bearer " + token);
			case 1 -> headers.add("Sec-WebSocket-Protocol: resumable-ws.v1, jwt-" + token);
			case 2 -> headers.add("Cookie: a=b; resumable-ws-token=" + token + "; c=d");
			default -> query.add("token=" + token.replace("%", "%25").replace("&", "%26").replace("#", "%23"));
		}
	}

	private static String parameter(Random random, String session) {
		String value = switch (random.nextInt(8)) {
			case 0 -> session;
			case 1 -> new UUID(random.nextLong(), random.nextLong()).toString();
			default -> RandomJson.oneOf(random, VALUES);
		};
		return RandomJson.oneOf(random, PARAMETERS) + RandomJson.oneOf(random, "=", "=", "=", "=", "", "==") + value;
	}

	private static void changeHeader(Random random, List<String> headers) {
		int index = random.nextInt(headers.size() + 1);
		String name = RandomJson.oneOf(random, HEADERS);
		String value = RandomJson.oneOf(random, HEADER_VALUES);
		switch (random.nextInt(12)) {
			case 0 -> headers.remove(Math.min(index, headers.size() - 1));
			case 1 -> headers.add(index, headers.get(random.nextInt(headers.size())));
			case 2 -> headers.add(index, name + RandomJson.oneOf(random, " : ", ":", ":\t", " ", "", ": \t ") + value);
			case 3 ->
				headers.add(index, RandomJson.oneOf(random, "", " ", "\u00e9", "a b", "(x)", "\u0000") + name + ": x");
			case 4 -> headers.add(index, name + ": x\r\n" + RandomJson.oneOf(random, " ", "\t") + value);
			case 5 ->
				headers.add(index, name + ": x" + RandomJson.oneOf(random, "\n", "\r", "\n\n", "\r\r\n") + "Y: z");
			case 6 -> {
				for (int i = random.nextInt(200); i >= 0; i--) {
					headers.add(name + ": " + i);
				}
			}
			case 7 -> headers.add(index, name + ": " + "x".repeat(7000 + random.nextInt(70_000)));
			default -> {
				headers.removeIf((header) -> header.startsWith(name + ":"));
				headers.add(Math.min(index, headers.size()), name + ": " + value);
			}
		}
	}

}
