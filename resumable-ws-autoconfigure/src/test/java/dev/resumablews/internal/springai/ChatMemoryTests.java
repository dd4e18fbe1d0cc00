package dev.resumablews.internal.springai;

import java.util.List;

import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.ai.chat.client.advisor.MessageChatMemoryAdvisor;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.Message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests replies in an application with a chat memory advisor.
 */
class ChatMemoryTests {

	private final ChatMemory memory = MessageWindowChatMemory.builder().build();

	private OpenAiReplies model;

	@BeforeEach
	void start() {
		this.model = new OpenAiReplies(TestLog.createDatabase());
		this.model.stub().answer(OpenAiAnswer.of("Hello"));
		this.model.withBean(ChatClientBuilderCustomizer.class,
				(builder) -> builder.defaultAdvisors(MessageChatMemoryAdvisor.builder(this.memory).build()));
	}

	@AfterEach
	void stop() {
		this.model.close();
	}

	@Test
	void theSessionIdIsTheConversationIdOfTheMemory() {
		this.model.run((replies) -> {
			this.model.ask(replies, "assistant_message");
			await().untilAsserted(
					() -> assertThat(this.memory.get(this.model.session().toString())).extracting(Message::getText)
						.containsExactly("Hi", "Hello"));
		});
	}

	@Test
	void withAHistoryOfOneMessageTheMemoryAddsEarlierMessagesOnce() {
		this.model.with("resumable-ws.reply.history-messages=1").run((replies) -> {
			this.model.ask(replies, "assistant_message");
			await().until(() -> this.memory.get(this.model.session().toString()).size() == 2);
			this.model.say(replies);
			await().until(() -> this.model.stub().exchanges().size() == 2);
			List<OpenAiExchange.Message> second = this.model.stub().exchanges().get(1).messages();
			assertThat(second).extracting(OpenAiExchange.Message::content).containsExactly("Hi", "Hello", "Hi");
		});
	}

}
