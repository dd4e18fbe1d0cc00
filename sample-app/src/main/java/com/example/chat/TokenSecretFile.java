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
 * Gives the application a secret to sign tokens with where none is configured: generated
 * once, and kept in the data folder, so that who is signed in stays so.
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
