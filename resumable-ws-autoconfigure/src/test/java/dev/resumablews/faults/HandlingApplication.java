package dev.resumablews.faults;

import java.util.Map;

import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;

import org.springframework.context.annotation.Configuration;

/**
 * An application that handles user messages itself.
 */
@Configuration(proxyBeanMethods = false)
class HandlingApplication {

	@ClientMessageMapping("user_message")
	void handle(ResumableSession session) {
		session.publish("handled", Map.of());
	}

}
