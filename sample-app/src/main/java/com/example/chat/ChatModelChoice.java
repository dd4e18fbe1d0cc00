package com.example.chat;

import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Enables OpenAI's model if its key or the address of a compatible server is configured.
 * Without either, Spring AI's OpenAI starter would fail at start-up.
 */
class ChatModelChoice implements EnvironmentPostProcessor {

	static final String PROPERTY = "spring.ai.model.chat";

	static final String OFFLINE = "none";

	private static final String KEY = "spring.ai.openai.api-key";

	private static final String BASE_URL = "spring.ai.openai.base-url";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		String key = first(environment, KEY, "OPENAI_API_KEY");
		String baseUrl = first(environment, BASE_URL, "OPENAI_BASE_URL");
		Map<String, Object> choice = new HashMap<>();
		choice.put(PROPERTY, (key != null || baseUrl != null) ? "openai" : OFFLINE);
		if (baseUrl != null) {
			choice.put(BASE_URL, baseUrl);
		}
		if (key != null || baseUrl != null) {
			// private servers rarely require a key, but the client does
			choice.put(KEY, (key != null) ? key : "none");
		}
		environment.getPropertySources().addFirst(new MapPropertySource("chatModelChoice", choice));
	}

	private static @Nullable String first(ConfigurableEnvironment environment, String... names) {
		for (String name : names) {
			String value = environment.getProperty(name);
			if (StringUtils.hasText(value)) {
				return value;
			}
		}
		return null;
	}

}
