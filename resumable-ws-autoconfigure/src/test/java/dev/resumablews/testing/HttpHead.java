package dev.resumablews.testing;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * The start line and headers of an HTTP/1.1 request or response.
 *
 * @param startLine the request line or status line
 * @param headers the headers; their names are case-insensitive
 */
public record HttpHead(String startLine, Map<String, List<String>> headers) {

	/**
	 * Reads a head.
	 * @param in the stream, from which no byte after the head is read
	 * @return the head; null at the end of the stream
	 * @throws IOException if the stream ends within the head
	 */
	public static @Nullable HttpHead read(InputStream in) throws IOException {
		String startLine = line(in);
		if (startLine == null) {
			return null;
		}
		Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
		for (String line = line(in); line == null || !line.isEmpty(); line = line(in)) {
			if (line == null) {
				throw new EOFException("The stream ended within the headers");
			}
			int colon = line.indexOf(':');
			headers.computeIfAbsent(line.substring(0, colon).trim(), (name) -> new ArrayList<>())
				.add(line.substring(colon + 1).trim());
		}
		return new HttpHead(startLine, headers);
	}

	/**
	 * Returns a header.
	 * @param name the name of the header
	 * @return its first value; null if it is absent
	 */
	public @Nullable String header(String name) {
		List<String> values = this.headers.get(name);
		return (values != null) ? values.get(0) : null;
	}

	/**
	 * Reads the body that follows this head.
	 * @param in the stream
	 * @param untilClosed whether a body of unknown length ends with the stream, as in
	 * responses; otherwise such a body is empty
	 * @return the body as UTF-8
	 * @throws IOException if the stream ends within the body
	 */
	public String body(InputStream in, boolean untilClosed) throws IOException {
		String length = header("Content-Length");
		if (length != null) {
			return new String(in.readNBytes(Integer.parseInt(length)), StandardCharsets.UTF_8);
		}
		if ("chunked".equalsIgnoreCase(header("Transfer-Encoding"))) {
			return chunks(in);
		}
		return untilClosed ? new String(in.readAllBytes(), StandardCharsets.UTF_8) : "";
	}

	private static String chunks(InputStream in) throws IOException {
		ByteArrayOutputStream body = new ByteArrayOutputStream();
		while (true) {
			String size = line(in);
			if (size == null) {
				throw new EOFException("The stream ended within the body");
			}
			int length = Integer.parseInt(size.split(";")[0].trim(), 16);
			body.writeBytes(in.readNBytes(length));
			line(in);
			if (length == 0) {
				return body.toString(StandardCharsets.UTF_8);
			}
		}
	}

	private static @Nullable String line(InputStream in) throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		for (int next = in.read(); next != '\n'; next = in.read()) {
			if (next == -1) {
				if (line.size() == 0) {
					return null;
				}
				throw new EOFException("The stream ended within a line");
			}
			if (next != '\r') {
				line.write(next);
			}
		}
		return line.toString(StandardCharsets.ISO_8859_1);
	}

}
