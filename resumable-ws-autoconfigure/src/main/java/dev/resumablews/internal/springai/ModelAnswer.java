package dev.resumablews.internal.springai;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import dev.resumablews.ReplyPart;
import dev.resumablews.internal.reply.NoAnswerException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * The answer of a model to one request, which may take several calls. The finish reason
 * becomes the last part, because another call may follow one that has ended. Signals of a
 * reactive stream are serialized, so fields need no lock.
 */
final class ModelAnswer {

	/**
	 * Finish reason of an answer that has text but ended without a reason.
	 */
	private static final String UNKNOWN = "unknown";

	/**
	 * Values that models send in place of a missing reason.
	 */
	private static final Set<String> NO_REASON = Set.of("null", "none", UNKNOWN, "_unknown",
			"finish_reason_unspecified");

	private volatile boolean hasText;

	private volatile @Nullable String finishReason;

	/**
	 * Records that the model is called, initially or with the result of a tool.
	 */
	void callBegins() {
		this.finishReason = null;
	}

	/**
	 * Returns whether the model has sent a finish reason since it was last called.
	 * @return whether the answer is complete
	 */
	boolean isComplete() {
		return this.finishReason != null;
	}

	ReplyPart part(ChatResponse response) {
		String text = text(response);
		String reason = finishReason(response);
		if (!text.isEmpty()) {
			this.hasText = true;
		}
		if (reason != null) {
			this.finishReason = reason;
		}
		return new ReplyPart(text, null, usage(response.getMetadata().getUsage()));
	}

	/**
	 * Returns the part that follows the last response.
	 * @return a part with the finish reason; an error if there was no answer
	 */
	Flux<ReplyPart> end() {
		String reason = this.finishReason;
		if (reason == null && !this.hasText) {
			return Flux.error(new NoAnswerException("the model gave no answer: neither text nor a finish reason"));
		}
		return Flux.just(new ReplyPart("", (reason != null) ? reason : UNKNOWN, Map.of()));
	}

	static String text(@Nullable ChatResponse response) {
		Generation generation = (response != null) ? response.getResult() : null;
		String text = (generation != null) ? generation.getOutput().getText() : null;
		return (text != null) ? text : "";
	}

	static @Nullable String finishReason(@Nullable ChatResponse response) {
		Generation generation = (response != null) ? response.getResult() : null;
		String reason = (generation != null) ? generation.getMetadata().getFinishReason() : null;
		if (!StringUtils.hasText(reason)) {
			return null;
		}
		String lower = reason.toLowerCase(Locale.ROOT);
		return NO_REASON.contains(lower) ? null : lower;
	}

	private static Map<String, Long> usage(@Nullable Usage usage) {
		if (usage == null) {
			return Map.of();
		}
		Map<String, Long> counts = new TreeMap<>();
		put(counts, "prompt_tokens", usage.getPromptTokens());
		put(counts, "completion_tokens", usage.getCompletionTokens());
		put(counts, "total_tokens", usage.getTotalTokens());
		return counts;
	}

	private static void put(Map<String, Long> counts, String name, @Nullable Integer count) {
		if (count != null && count > 0) {
			counts.put(name, count.longValue());
		}
	}

}
