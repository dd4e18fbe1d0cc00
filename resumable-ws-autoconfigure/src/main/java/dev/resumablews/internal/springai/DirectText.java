package dev.resumablews.internal.springai;

import java.util.HashMap;
import java.util.List;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Passes the responses of one call to the advisors. Text reaches them directly from the
 * thread that receives it, because the model's client takes most of the processor time of
 * a reply, and Spring AI changes threads for each response. The client gets the same text
 * later, in a few large chunks, and its responses to them are dropped.
 * <p>
 * Direct responses are copies of the client's response to the text before them, with
 * another text. Text is therefore sent directly only if the client has responded to
 * everything before it, and if that was text of the same kind. Everything else, and the
 * text after it, goes through the client, which preserves the order.
 * <p>
 * One thread sends text and another one gets the client's responses.
 */
final class DirectText {

	private final FluxSink<ChatClientResponse> responses;

	/**
	 * Copy of the client's last response with text.
	 */
	private @Nullable ChatClientResponse pattern;

	/**
	 * The other fields of the text that the client got last; null if it got something
	 * else after it.
	 */
	private TextChunk.@Nullable Head head;

	/**
	 * Number of characters without a response of the client.
	 */
	private long awaited;

	/**
	 * Number of characters that were sent directly, and to which the client has not
	 * responded yet.
	 */
	private long repeated;

	DirectText(FluxSink<ChatClientResponse> responses) {
		this.responses = responses;
	}

	/**
	 * Sends text, if that preserves the order.
	 * @param head the other fields of the text's chunk
	 * @return whether it was sent
	 */
	boolean send(TextChunk.Head head, String text) {
		ChatClientResponse response;
		synchronized (this) {
			if (this.pattern == null || this.awaited > 0 || !head.equals(this.head)) {
				return false;
			}
			response = withText(this.pattern, text);
		}
		this.responses.next(response);
		return true;
	}

	/**
	 * Notes that the client gets text that was not sent.
	 */
	synchronized void passesText(TextChunk.Head head, int length) {
		this.head = head;
		this.awaited += length;
	}

	/**
	 * Notes that the client gets text that was sent.
	 */
	synchronized void repeatsText(int length) {
		this.repeated += length;
	}

	/**
	 * Notes that the client gets something other than text.
	 */
	synchronized void passesOther() {
		this.head = null;
	}

	/**
	 * Passes a response of the client on, except for text that was sent.
	 */
	void receive(ChatClientResponse response) {
		String text = ModelAnswer.text(response.chatResponse());
		if (text.isEmpty()) {
			this.responses.next(response);
			return;
		}
		int sent = repeated(text.length());
		if (sent == text.length()) {
			return;
		}
		ChatClientResponse rest = (sent == 0) ? response : withText(response, text.substring(sent));
		ChatClientResponse copy = isPlain(rest) ? withText(rest, "") : null;
		this.responses.next(rest);
		synchronized (this) {
			this.awaited -= text.length() - sent;
			this.pattern = copy;
		}
	}

	private synchronized int repeated(int length) {
		int sent = (int) Math.min(this.repeated, length);
		this.repeated -= sent;
		return sent;
	}

	private static boolean isPlain(ChatClientResponse response) {
		ChatResponse chat = response.chatResponse();
		if (chat == null || chat.getResults().size() != 1) {
			return false;
		}
		AssistantMessage message = chat.getResults().get(0).getOutput();
		return message.getClass() == AssistantMessage.class && !message.hasToolCalls() && message.getMedia().isEmpty();
	}

	private static ChatClientResponse withText(ChatClientResponse response, String text) {
		ChatResponse chat = response.chatResponse();
		if (chat == null) {
			return response;
		}
		Generation generation = chat.getResults().get(0);
		Generation changed = new Generation(generation.getOutput().mutate().content(text).build(),
				generation.getMetadata());
		return new ChatClientResponse(new ChatResponse(List.of(changed), chat.getMetadata()),
				new HashMap<>(response.context()));
	}

}
