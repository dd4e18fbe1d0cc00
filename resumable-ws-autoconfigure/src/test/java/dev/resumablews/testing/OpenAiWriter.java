package dev.resumablews.testing;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.testing.OpenAiAnswer.Fault;
import dev.resumablews.testing.OpenAiExchange.End;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes one answer of {@link OpenAiStub} and flushes after each piece.
 */
final class OpenAiWriter {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

	private final Socket socket;

	private final OpenAiExchange exchange;

	private final OpenAiAnswer answer;

	OpenAiWriter(Socket socket, OpenAiExchange exchange, OpenAiAnswer answer) {
		this.socket = socket;
		this.exchange = exchange;
		this.answer = answer;
	}

	void write() {
		try {
			OutputStream out = new BufferedOutputStream(this.socket.getOutputStream());
			if (this.answer.fault() == Fault.SILENCE) {
				this.exchange.continuesAfter(LONGEST_WAIT);
				this.exchange.end(End.BROKEN);
			}
			else if (this.answer.status() != 200) {
				refuse(out);
			}
			else if (this.answer.rawType() != null) {
				raw(out, this.answer.rawType());
			}
			else if (this.exchange.stream()) {
				stream(out);
			}
			else {
				whole(out);
			}
		}
		catch (IOException ex) {
			this.exchange.end(End.ABORTED_BY_CLIENT);
		}
		catch (InterruptedException ex) {
			this.exchange.end(End.BROKEN);
		}
		finally {
			Sockets.close(this.socket);
		}
	}

	private void refuse(OutputStream out) throws IOException {
		String retryAfter = (this.answer.retryAfter() != null) ? "Retry-After: " + this.answer.retryAfter() + "\r\n"
				: "";
		send(out, this.answer.status(), retryAfter, JSON.writeValueAsString(
				Map.of("error", Map.of("message", "refused by the stub", "type", "stub", "code", "stub"))));
	}

	private void whole(OutputStream out) throws IOException, InterruptedException {
		int pieces = 0;
		for (String piece : this.answer.pieces()) {
			if (!awaitTurn(pieces++)) {
				return;
			}
			this.exchange.pieceSent();
		}
		if (!continuesAfterFault(pieces)) {
			return;
		}
		Map<String, Object> choice = new LinkedHashMap<>();
		choice.put("index", 0);
		choice.put("message", Map.of("role", "assistant", "content", this.answer.text()));
		choice.put("finish_reason", this.answer.finishReason());
		Map<String, Object> completion = envelope("chat.completion", List.of(choice));
		completion.put("usage", usage());
		send(out, 200, "", JSON.writeValueAsString(completion));
	}

	private void raw(OutputStream out, String contentType) throws IOException, InterruptedException {
		beginBody(out, contentType);
		int pieces = 0;
		for (String piece : this.answer.pieces()) {
			if (!awaitTurn(pieces++)) {
				return;
			}
			writeChunk(out, piece);
			this.exchange.pieceSent();
		}
		if (continuesAfterFault(pieces)) {
			print(out, "0\r\n\r\n");
			this.exchange.end(End.COMPLETED);
		}
	}

	private void stream(OutputStream out) throws IOException, InterruptedException {
		beginBody(out, "text/event-stream");
		event(out, chunk(Map.of("role", "assistant", "content", ""), null));
		int pieces = 0;
		for (String piece : this.answer.pieces()) {
			if (!awaitTurn(pieces)) {
				return;
			}
			if (this.answer.fault() == Fault.MALFORMED_CHUNK && pieces == this.answer.faultAfter()) {
				event(out, "{\"id\": \"chatcmpl-stub\", \"choices\": [{");
			}
			event(out, chunk(Map.of("content", piece), null));
			this.exchange.pieceSent();
			pieces++;
		}
		if (!continuesAfterFault(pieces)) {
			return;
		}
		event(out, chunk(Map.of(), this.answer.finishReason()));
		if (this.exchange.body().path("stream_options").path("include_usage").asBoolean(false)) {
			Map<String, Object> last = envelope("chat.completion.chunk", List.of());
			last.put("usage", usage());
			event(out, JSON.writeValueAsString(last));
		}
		event(out, "[DONE]");
		print(out, "0\r\n\r\n");
		this.exchange.end(End.COMPLETED);
	}

	/**
	 * Waits until a piece may be sent.
	 * @return whether to send it
	 */
	private boolean awaitTurn(int piece) throws InterruptedException {
		if (!continuesAfterFault(piece) || !this.exchange.continuesAfter(this.answer.pause())) {
			return false;
		}
		Gate gate = this.answer.gate();
		if (gate == null) {
			return true;
		}
		long deadline = System.nanoTime() + LONGEST_WAIT.toNanos();
		while (!gate.pass(Duration.ofMillis(20))) {
			if (this.exchange.hasEnded() || System.nanoTime() > deadline) {
				return false;
			}
		}
		return true;
	}

	private boolean continuesAfterFault(int piece) throws InterruptedException {
		if (piece != this.answer.faultAfter()) {
			return true;
		}
		if (this.answer.fault() == Fault.STALL) {
			this.exchange.continuesAfter(LONGEST_WAIT);
		}
		if (this.answer.fault() == Fault.STALL || this.answer.fault() == Fault.BREAK) {
			this.exchange.end(End.BROKEN);
			return false;
		}
		return true;
	}

	private static String chunk(Map<String, ?> delta, @Nullable String finishReason) {
		Map<String, Object> choice = new LinkedHashMap<>();
		choice.put("index", 0);
		choice.put("delta", delta);
		choice.put("finish_reason", finishReason);
		return JSON.writeValueAsString(envelope("chat.completion.chunk", List.of(choice)));
	}

	private static Map<String, Object> envelope(String object, List<?> choices) {
		Map<String, Object> envelope = new LinkedHashMap<>();
		envelope.put("id", "chatcmpl-stub");
		envelope.put("object", object);
		envelope.put("created", 1_700_000_000);
		envelope.put("model", "stub");
		envelope.put("choices", choices);
		return envelope;
	}

	private Map<String, Integer> usage() {
		int pieces = this.answer.pieces().size();
		return Map.of("prompt_tokens", 7, "completion_tokens", pieces, "total_tokens", 7 + pieces);
	}

	private void send(OutputStream out, int status, String headers, String body) throws IOException {
		byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
		print(out, "HTTP/1.1 " + status + " Stub\r\nContent-Type: application/json\r\nContent-Length: " + bytes.length
				+ "\r\n" + headers + "Connection: close\r\n\r\n" + body);
		this.exchange.end(End.COMPLETED);
	}

	private static void beginBody(OutputStream out, String contentType) throws IOException {
		print(out, "HTTP/1.1 200 OK\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n"
				+ "Connection: close\r\n\r\n");
	}

	private static void event(OutputStream out, String data) throws IOException {
		writeChunk(out, "data: " + data + "\n\n");
	}

	private static void writeChunk(OutputStream out, String text) throws IOException {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
		out.write(bytes);
		print(out, "\r\n");
	}

	private static void print(OutputStream out, String text) throws IOException {
		out.write(text.getBytes(StandardCharsets.UTF_8));
		out.flush();
	}

}
