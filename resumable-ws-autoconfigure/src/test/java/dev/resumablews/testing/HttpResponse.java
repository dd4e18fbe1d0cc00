package dev.resumablews.testing;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The response to an HTTP request that a test controls in every byte.
 *
 * @param head status and headers
 * @param body the body
 */
public record HttpResponse(HttpHead head, String body) {

	private static final int TIMEOUT_MILLIS = 60_000;

	/**
	 * Sends a request to a server on this machine.
	 * @param port the port of the server
	 * @param method the method
	 * @param target the path and query
	 * @param headers the headers other than {@code Host} and {@code Content-Length}
	 * @param body the body; null for none
	 * @return the response
	 */
	public static HttpResponse of(int port, String method, String target, Map<String, String> headers,
			@Nullable String body) {
		try (Socket socket = new Socket("localhost", port)) {
			socket.setSoTimeout(TIMEOUT_MILLIS);
			write(socket, method, target, headers, body);
			return read(socket, method);
		}
		catch (IOException ex) {
			throw new IllegalStateException("No response to " + method, ex);
		}
	}

	/**
	 * Reads a response.
	 * @param socket the connection
	 * @param method the method of the request
	 * @return the response
	 * @throws IOException if the server sent no response
	 */
	public static HttpResponse read(Socket socket, String method) throws IOException {
		HttpHead head = HttpHead.read(socket.getInputStream());
		if (head == null) {
			throw new IOException("The server closed the connection without a response");
		}
		boolean none = method.equals("HEAD") || head.startLine().contains(" 204");
		return new HttpResponse(head, none ? "" : head.body(socket.getInputStream(), true));
	}

	static void write(Socket socket, String method, String target, Map<String, String> headers, @Nullable String body)
			throws IOException {
		byte[] bytes = (body != null) ? body.getBytes(StandardCharsets.UTF_8) : new byte[0];
		Map<String, String> all = new LinkedHashMap<>();
		all.put("Host", "localhost:" + socket.getPort());
		if (body != null) {
			all.put("Content-Length", String.valueOf(bytes.length));
		}
		all.putAll(headers);
		StringBuilder request = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
		all.forEach((name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
		socket.getOutputStream().write(request.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
		socket.getOutputStream().write(bytes);
	}

	public int status() {
		return Integer.parseInt(this.head.startLine().split(" ")[1]);
	}

	public @Nullable String header(String name) {
		return this.head.header(name);
	}

}
