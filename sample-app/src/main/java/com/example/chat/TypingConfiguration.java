package com.example.chat;

import java.util.Map;

import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.ResumableSessions;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Shows the other tabs and devices of a conversation that someone is typing.
 */
@Configuration(proxyBeanMethods = false)
class TypingConfiguration {

	@Bean
	EphemeralMessageHandler typing(ResumableSessions sessions) {
		return EphemeralMessageHandler.of("typing",
				(message) -> sessions.sendEphemeralToOthers(message, Map.of("user", message.userId())));
	}

}
