package dev.resumablews.internal.springai;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.FluxSink;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Passes the responses of one call to the advisors. Text reaches them directly from the
 * thread that receives it, because the model's client takes most of the processor time of
 * a reply, and Spring AI changes threads for each response. The client gets the same text
 * later, in a few large chunks, and its responses to them are dropped.
 * <p>
 * A direct response is a copy of the client's response to the first of successive texts,
 * with another text. Texts that are received before that response wait for it, or go
 * through the client if something else follows them. Everything that is not text, and the
 * first text after it, goes through the client, which preserves the order.
 * <p>
 * One thread sends text and another one gets the client's responses.
 */
final class DirectText {

	private final FluxSink<ChatClientResponse> responses;

	/**
	 * The other fields of the text that the client got last; null if it got something
	 * else after it.
	 */
	private TextChunk.@Nullable Head head;

	/**
	 * Texts of the client without a response, in order.
	 */
	private final Deque<Passed> passed = new ArrayDeque<>();

	/**
	 * Number of characters in these texts that were not sent directly.
	 */
	private long awaited;

	/**
	 * Copy of the client's last response with text, without the text.
	 */
	private @Nullable ChatClientResponse pattern;

	/**
	 * Text that is kept until the response before it has been passed on.
	 */
	private final StringBuilder waiting = new StringBuilder();

	/**
	 * Whether the thread with the client's responses is sending the waiting text.
	 */
	private boolean sendingWaiting;

	DirectText(FluxSink<ChatClientResponse> responses) {
		this.responses = responses;
	}

	/**
	 * Sends text, or keeps it until it can be sent.
	 * @param head the other fields of the text's chunk
	 * @return false if the text must go through the client
	 */
	boolean send(TextChunk.Head head, String text) {
		ChatClientResponse response;
		synchronized (this) {
			if (!head.equals(this.head)) {
				return false;
			}
			if (this.awaited > 0 || this.sendingWaiting) {
				this.waiting.append(text);
				return true;
			}
			if (this.pattern == null) {
				return false;
			}
			response = withText(this.pattern, text);
		}
		this.responses.next(response);
		return true;
	}

	/**
	 * Notes that the client gets text that was not sent. Empty text may not begin a
	 * sequence, because its response cannot be recognized.
	 */
	synchronized void passesText(TextChunk.Head head, int length) {
		if (length > 0) {
			this.head = head;
			this.awaited += length;
			this.passed.add(new Passed(length, false));
		}
	}

	/**
	 * Notes that the client gets text that was sent or kept. What is still kept, which is
	 * the end of it, is not sent any more, because the client responds to it.
	 */
	synchronized void repeatsText(int length) {
		int kept = this.waiting.length();
		this.waiting.setLength(0);
		this.awaited += kept;
		this.passed.add(new Passed(length - kept, true));
		this.passed.add(new Passed(kept, false));
	}

	/**
	 * Notes that the client gets something other than text.
	 */
	synchronized void passesOther() {
		this.head = null;
	}

	/**
	 * Passes a response of the client on, except for text that is sent directly.
	 */
	void receive(ChatClientResponse response) {
		String text = ModelAnswer.text(response.chatResponse());
		if (text.isEmpty()) {
			this.responses.next(response);
			return;
		}
		String rest = withoutRepeated(text);
		if (rest.isEmpty()) {
			if (!isText(response)) {
				this.responses.next(withText(response, ""));
			}
			return;
		}
		ChatClientResponse copy = withoutContent(response);
		this.responses.next(rest.equals(text) ? response : withText(response, rest));
		String waiting = received(copy, rest.length());
		while (!waiting.isEmpty()) {
			this.responses.next(withText(copy, waiting));
			waiting = takeWaiting();
		}
	}

	private synchronized String withoutRepeated(String text) {
		StringBuilder rest = new StringBuilder();
		int position = 0;
		while (position < text.length()) {
			Passed next = this.passed.poll();
			int length = text.length() - position;
			if (next != null && next.length() > length) {
				this.passed.addFirst(new Passed(next.length() - length, next.repeated()));
			}
			else if (next != null) {
				length = next.length();
			}
			if (next == null || !next.repeated()) {
				rest.append(text, position, position + length);
			}
			position += length;
		}
		return rest.toString();
	}

	private synchronized String received(ChatClientResponse pattern, int length) {
		this.pattern = pattern;
		this.awaited -= length;
		return (this.awaited > 0) ? "" : takeWaiting();
	}

	private synchronized String takeWaiting() {
		String taken = this.waiting.toString();
		this.waiting.setLength(0);
		this.sendingWaiting = !taken.isEmpty();
		return taken;
	}

	private static boolean isText(ChatClientResponse response) {
		ChatResponse chat = response.chatResponse();
		if (chat == null || chat.getResults().size() != 1 || ModelAnswer.finishReason(chat) != null) {
			return false;
		}
		AssistantMessage message = chat.getResults().get(0).getOutput();
		return !message.hasToolCalls() && message.getMedia().isEmpty();
	}

	/**
	 * Returns a copy with the metadata of a response only.
	 */
	private static ChatClientResponse withoutContent(ChatClientResponse response) {
		ChatResponse chat = response.chatResponse();
		if (chat == null) {
			return response;
		}
		Generation generation = chat.getResults().get(0);
		AssistantMessage message = AssistantMessage.builder()
			.content("")
			.properties(generation.getOutput().getMetadata())
			.build();
		ChatGenerationMetadata metadata = (ModelAnswer.finishReason(chat) == null) ? generation.getMetadata()
				: ChatGenerationMetadata.NULL;
		return new ChatClientResponse(new ChatResponse(List.of(new Generation(message, metadata)), chat.getMetadata()),
				new HashMap<>(response.context()));
	}

	private static ChatClientResponse withText(ChatClientResponse response, String text) {
		ChatResponse chat = response.chatResponse();
		if (chat == null) {
			return response;
		}
		Generation generation = chat.getResults().get(0);
		return copy(response, chat,
				new Generation(generation.getOutput().mutate().content(text).build(), generation.getMetadata()));
	}

	private static ChatClientResponse copy(ChatClientResponse response, ChatResponse chat, Generation generation) {
		return new ChatClientResponse(new ChatResponse(List.of(generation), chat.getMetadata()),
				new HashMap<>(response.context()));
	}

	/**
	 * Text that the client got.
	 *
	 * @param length its length
	 * @param repeated whether it is sent directly, so that the client's response is
	 * dropped
	 */
	private record Passed(int length, boolean repeated) {

	}

}
