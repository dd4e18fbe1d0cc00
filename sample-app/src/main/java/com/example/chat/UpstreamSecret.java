package com.example.chat;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Gives the application a secret for its upstream where none is configured: a random one
 * for each start, which the relay and the upstream that comes with the sample share.
 */
class UpstreamSecret implements EnvironmentPostProcessor {

	static final String PROPERTY = "chat.upstream.secret";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		if (!StringUtils.hasText(environment.getProperty(PROPERTY))) {
			environment.getPropertySources()
				.addFirst(new MapPropertySource("upstreamSecret", Map.of(PROPERTY, SecretFile.generate())));
		}
	}

}
