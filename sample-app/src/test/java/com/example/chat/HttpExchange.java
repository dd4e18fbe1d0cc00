package com.example.chat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/**
 * The response to a request with arbitrary headers, including {@code Host} and {@code
 * Sec-Fetch-Site}, which HTTP clients restrict.
 *
 * @param status the status of the response
 * @param response the whole response; of a WebSocket handshake, its head
 */
record HttpExchange(int status, String response) {

	private static final int TIMEOUT = 30_000;

	/**
	 * Sends a request to this machine.
	 * @param port the port
	 * @param line method and path
	 * @param headers headers, each as {@code name: value}; {@code Host} is {@code
	 * localhost} by default
	 */
	static HttpExchange send(int port, String line, String... headers) throws IOException {
		return send(new InetSocketAddress("127.0.0.1", port), line, "", headers);
	}

	static HttpExchange send(InetSocketAddress server, String line, String body, String... headers) throws IOException {
		List<String> all = Stream
			.concat(Stream.of(headers),
					Stream.of("Host: localhost:" + server.getPort(), "Connection: close",
							"Content-Length: " + body.length()))
			.toList();
		StringBuilder request = new StringBuilder(line + " HTTP/1.1\r\n");
		all.stream()
			.filter((header) -> all.stream()
				.filter((other) -> name(other).equals(name(header)))
				.findFirst()
				.get() == header)
			.forEach((header) -> request.append(header).append("\r\n"));
		request.append("\r\n").append(body);
		try (Socket socket = new Socket()) {
			socket.connect(server, TIMEOUT);
			socket.setSoTimeout(TIMEOUT);
			socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
			return read(socket, all.contains("Connection: Upgrade"));
		}
	}

	private static String name(String header) {
		return header.substring(0, header.indexOf(':')).toLowerCase();
	}

	private static HttpExchange read(Socket socket, boolean handshake) throws IOException {
		StringBuilder response = new StringBuilder();
		int next = socket.getInputStream().read();
		// after a handshake, the connection stays open
		while (next >= 0 && !(handshake && response.indexOf("\r\n\r") > 0)) {
			response.append((char) next);
			next = socket.getInputStream().read();
		}
		return new HttpExchange(Integer.parseInt(response.substring(9, 12)), response.toString());
	}

	boolean setsCookie() {
		return this.response.toLowerCase().contains("\r\nset-cookie:");
	}

	/**
	 * Returns the cookies that the response sets, as a header for the next request.
	 */
	String cookies() {
		return this.response.lines()
			.filter((line) -> line.regionMatches(true, 0, "Set-Cookie:", 0, 11))
			.map((line) -> line.substring(11, line.indexOf(';')).strip())
			.reduce((first, second) -> first + "; " + second)
			.map((cookies) -> "Cookie: " + cookies)
			.orElseThrow();
	}

}
