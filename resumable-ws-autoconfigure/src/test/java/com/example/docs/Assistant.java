package com.example.docs;

import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class Assistant {

	// tag::assistant[]
	@Bean
	ChatClientBuilderCustomizer assistant(OrderTools tools) {
		return (builder) -> builder.defaultSystem("You answer questions about orders.").defaultTools(tools);
	}
	// end::assistant[]

}
