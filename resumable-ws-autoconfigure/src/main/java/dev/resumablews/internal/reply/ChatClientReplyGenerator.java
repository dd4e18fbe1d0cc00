package dev.resumablews.internal.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.util.StringUtils;

/**
 * Asks Spring AI's chat client.
 */
final class ChatClientReplyGenerator implements ReplyGenerator {

	private final ChatClient client;

	private final @Nullable String systemPrompt;

	private final GeneratorCalls calls;

	ChatClientReplyGenerator(ChatClient client, @Nullable String systemPrompt, GeneratorCalls calls) {
		this.client = client;
		this.systemPrompt = systemPrompt;
		this.calls = calls;
	}

	@Override
	public Publisher<ReplyPart> generate(ReplyRequest request) {
		ChatClient.ChatClientRequestSpec prompt = this.client.prompt().messages(messages(request.conversation()));
		return this.calls.stream(request.messageId(), prompt).map(ChatClientReplyGenerator::part);
	}

	private List<Message> messages(List<ConversationMessage> conversation) {
		List<Message> messages = new ArrayList<>(conversation.size() + 1);
		if (StringUtils.hasText(this.systemPrompt)) {
			// a message and not the client's system text, which is a template
			messages.add(new SystemMessage(this.systemPrompt));
		}
		for (ConversationMessage message : conversation) {
			messages.add(switch (message.role()) {
				case USER -> new UserMessage(message.content());
				case ASSISTANT -> new AssistantMessage(message.content());
			});
		}
		return messages;
	}

	private static ReplyPart part(ChatResponse response) {
		Map<String, Long> usage = usage(response.getMetadata().getUsage());
		Generation generation = response.getResult();
		if (generation == null) {
			return new ReplyPart("", null, usage);
		}
		String text = generation.getOutput().getText();
		String reason = generation.getMetadata().getFinishReason();
		return new ReplyPart((text != null) ? text : "",
				StringUtils.hasText(reason) ? reason.toLowerCase(Locale.ROOT) : null, usage);
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
