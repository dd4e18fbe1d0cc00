package com.example.chat;

import java.time.Duration;

import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.Assert;
import org.springframework.web.socket.config.annotation.EnableWebSocket;
import org.springframework.web.socket.config.annotation.WebSocketConfigurer;
import org.springframework.web.socket.config.annotation.WebSocketHandlerRegistry;

/**
 * Offers an upstream for the relay at {@value #PATH}, if no other is configured.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebSocket
class UpstreamConfiguration implements WebSocketConfigurer {

	static final String PATH = "/upstream";

	private static final String LIFETIME = "chat.upstream.lifetime";

	private static final String IDLE_TIMEOUT = "chat.upstream.idle-timeout";

	private final UpstreamHandler handler;

	private final UpstreamHandshake handshake;

	UpstreamConfiguration(ThisMachine thisMachine, @Value("${" + UpstreamSecret.PROPERTY + "}") String secret,
			@Value("${" + OfflineChatModel.PROPERTY + "}") Duration wordInterval,
			@Value("${" + LIFETIME + "}") Duration lifetime, @Value("${" + IDLE_TIMEOUT + "}") Duration idleTimeout,
			JsonMapper json) {
		requirePositive(LIFETIME, lifetime);
		requirePositive(IDLE_TIMEOUT, idleTimeout);
		this.handler = new UpstreamHandler(wordInterval, lifetime, idleTimeout, json);
		this.handshake = new UpstreamHandshake(thisMachine, secret);
	}

	@Override
	public void registerWebSocketHandlers(WebSocketHandlerRegistry registry) {
		registry.addHandler(this.handler, PATH).addInterceptors(this.handshake);
	}

	private static void requirePositive(String property, Duration value) {
		Assert.isTrue(!value.isNegative() && !value.isZero(), () -> property + " must be positive, but is " + value);
	}

}
