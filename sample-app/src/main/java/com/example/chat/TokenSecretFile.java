package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;
import org.springframework.util.StringUtils;

/**
 * Provides the secret that signs tokens if none is configured. It is generated once and
 * kept in the data folder, so that users remain signed in.
 */
class TokenSecretFile implements EnvironmentPostProcessor {

	static final String PROPERTY = "resumable-ws.auth.jwt.secret";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		if (!StringUtils.hasText(environment.getProperty(PROPERTY))) {
			environment.getPropertySources()
				.addFirst(
						new MapPropertySource("tokenSecretFile", Map.of(PROPERTY, keptIn(DataFolder.of(environment)))));
		}
	}

	private static String keptIn(DataFolder folder) {
		try {
			folder.create();
			return SecretFile.read(folder.tokenSecret());
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot keep a secret in " + folder.tokenSecret() + ". Set " + PROPERTY, ex);
		}
	}

}
