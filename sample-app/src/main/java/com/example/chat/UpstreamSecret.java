package com.example.chat;

import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Provides the secret of the upstream if none is configured: a random one for each start,
 * shared by the relay and the sample's own upstream.
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
