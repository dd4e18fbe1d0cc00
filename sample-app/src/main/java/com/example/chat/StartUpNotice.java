package com.example.chat;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Logs the address of the chat and the model that answers.
 */
@Component
class StartUpNotice {

	private static final Logger logger = LoggerFactory.getLogger(StartUpNotice.class);

	private final ChatModel model;

	StartUpNotice(ChatModel model) {
		this.model = model;
	}

	@EventListener
	void applicationIsReady(ApplicationReadyEvent event) {
		if (event.getApplicationContext() instanceof WebServerApplicationContext web && web.getWebServer() != null) {
			logger.info("Open http://localhost:{}/ and chat with {}", web.getWebServer().getPort(),
					(this.model instanceof OfflineChatModel)
							? "a stand-in; with OPENAI_API_KEY set, a real model answers" : "the configured model");
		}
	}

}
