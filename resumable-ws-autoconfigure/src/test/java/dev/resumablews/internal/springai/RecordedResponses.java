package dev.resumablews.internal.springai;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * Sink that records the responses of a call.
 */
final class RecordedResponses {

	private final List<ChatClientResponse> responses = new CopyOnWriteArrayList<>();

	private volatile Consumer<String> listener = (text) -> {
	};

	private final AtomicReference<FluxSink<ChatClientResponse>> sink = new AtomicReference<>();

	RecordedResponses() {
		Flux.<ChatClientResponse>create(this.sink::set).subscribe((response) -> {
			this.responses.add(response);
			this.listener.accept(ModelAnswer.text(response.chatResponse()));
		});
	}

	/**
	 * Sets what to do with the text of each response.
	 */
	void onResponse(Consumer<String> listener) {
		this.listener = listener;
	}

	FluxSink<ChatClientResponse> sink() {
		return this.sink.get();
	}

	List<ChatClientResponse> all() {
		return this.responses;
	}

	List<String> texts() {
		return this.responses.stream().map((response) -> ModelAnswer.text(response.chatResponse())).toList();
	}

	/**
	 * Returns a response as the model's client makes it.
	 */
	static ChatClientResponse response(String text) {
		AssistantMessage message = AssistantMessage.builder().content(text).properties(Map.of("id", "c")).build();
		return new ChatClientResponse(new ChatResponse(List.of(new Generation(message))), Map.of("key", "value"));
	}

}
