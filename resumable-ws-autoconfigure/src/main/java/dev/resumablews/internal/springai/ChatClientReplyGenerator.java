package dev.resumablews.internal.springai;

import java.util.ArrayList;
import java.util.List;

import dev.resumablews.ConversationMessage;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.internal.reply.LiveReplyGenerator;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.util.StringUtils;

/**
 * {@link ReplyGenerator} that uses Spring AI's chat client.
 */
final class ChatClientReplyGenerator implements LiveReplyGenerator {

	private static final Log logger = LogFactory.getLog(ChatClientReplyGenerator.class);

	private final ChatClient client;

	private final @Nullable String systemPrompt;

	private final ModelCalls calls;

	ChatClientReplyGenerator(ChatClient client, @Nullable String systemPrompt, ModelCalls calls) {
		this.client = client;
		this.systemPrompt = systemPrompt;
		this.calls = calls;
	}

	@Override
	public Publisher<ReplyPart> generate(ReplyRequest request, Runnable alive) {
		return Flux.defer(() -> {
			ModelAnswer answer = new ModelAnswer();
			return this.client.prompt()
				.messages(messages(request.conversation()))
				.advisors((advisors) -> advisors.param(ChatMemory.CONVERSATION_ID, request.sessionId().toString())
					.advisors(new ModelCallAdvisor(this.calls, answer, alive)))
				.stream()
				.chatResponse()
				.map(answer::part)
				.onErrorResume((failure) -> answer.isComplete(), (failure) -> {
					logger.debug("Ignored a failure after the end of reply " + request.messageId(), failure);
					return Flux.empty();
				})
				.concatWith(Flux.defer(answer::end));
		});
	}

	private List<Message> messages(List<ConversationMessage> conversation) {
		List<Message> messages = new ArrayList<>(conversation.size() + 1);
		if (StringUtils.hasText(this.systemPrompt)) {
			// as a message, because the client's system text is a template
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

}
