package com.example.chat;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.ResumableWsProperties;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;

/**
 * Offers the plain chat at {@value #PATH}, to the same users and pages as the resumable
 * one.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
class PlainChatConfiguration implements WebSocketConfigurer {

	static final String PATH = "/plain";

	/**
	 * The server's own origin, which Spring always allows.
	 */
	private static final String SELF = "self";

	private final ChatModel model;

	private final HandshakeAuthenticator authenticator;

	private final ResumableWsProperties properties;

	private final JsonMapper json;

	PlainChatConfiguration(ChatModel model, HandshakeAuthenticator authenticator, ResumableWsProperties properties,
			JsonMapper json) {
		this.model = model;
		this.authenticator = authenticator;
		this.properties = properties;
		this.json = json;
	}

	@Override
	public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
		String[] origins = this.properties.allowedOrigins()
			.stream()
			.filter((origin) -> !origin.equals(SELF))
			.toArray(String[]::new);
		registry.addHandler(new PlainChatHandler(this.model, this.properties.reply().systemPrompt(), this.json), PATH)
			.addInterceptors(new PlainHandshake(this.authenticator))
			.setAllowedOriginPatterns(origins);
	}

}
