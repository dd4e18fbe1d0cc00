package com.example.chat;

import java.time.Duration;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configures the simulated model if there is no language model.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = ChatModelChoice.PROPERTY, havingValue = ChatModelChoice.OFFLINE)
class OfflineChatModelConfiguration {

	@Bean
	OfflineChatModel offlineChatModel(@Value("${" + OfflineChatModel.PROPERTY + "}") Duration wordInterval) {
		return new OfflineChatModel(wordInterval);
	}

}
