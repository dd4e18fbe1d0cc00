package dev.resumablews.testing;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The answer to a request that says exactly what a test wants said.
 *
 * @param head status and headers
 * @param body the body
 */
public record HttpResponse(HttpHead head, String body) {

	private static final int TIMEOUT_MILLIS = 60_000;

	/**
	 * Sends a request to this machine.
	 * @param port where to
	 * @param method the method
	 * @param target path and query
	 * @param headers the headers other than {@code Host} and {@code Content-Length}
	 * @param body the body; null for none
	 * @return the answer
	 */
	public static HttpResponse of(int port, String method, String target, Map<String, String> headers,
			@Nullable String body) {
		try (Socket socket = new Socket("localhost", port)) {
			socket.setSoTimeout(TIMEOUT_MILLIS);
			write(socket, method, target, headers, body);
			return read(socket, method);
		}
		catch (IOException ex) {
			throw new IllegalStateException("No answer to " + method, ex);
		}
	}

	/**
	 * Reads an answer.
	 * @param socket where from
	 * @param method that of the request
	 * @return the answer
	 * @throws IOException if there is none
	 */
	public static HttpResponse read(Socket socket, String method) throws IOException {
		HttpHead head = HttpHead.read(socket.getInputStream());
		if (head == null) {
			throw new IOException("The server closed the connection without an answer");
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
