package com.example.docs;

import java.util.List;
import java.util.Map;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class CustomerAssistant {

	// tag::generator[]
	@Bean
	ReplyGenerator replies(ChatClient.Builder builder, OrderTools tools) {
		ChatClient client = builder.defaultTools(tools).build();
		return (request) -> client.prompt()
			.messages(messages(request))
			.toolContext(Map.of("user", request.userId()))
			.stream()
			.content()
			.map(ReplyPart::text);
	}

	private static List<Message> messages(ReplyRequest request) {
		return request.conversation().stream().map((message) -> switch (message.role()) {
			case USER -> (Message) new UserMessage(message.content());
			case ASSISTANT -> new AssistantMessage(message.content());
		}).toList();
	}
	// end::generator[]

}
