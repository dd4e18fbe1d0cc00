package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
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
		Path file = folder.tokenSecret();
		try {
			if (!Files.exists(file)) {
				folder.create();
				write(file, generate());
			}
			return Files.readString(file).strip();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot keep a secret in " + file + ". Set " + PROPERTY, ex);
		}
	}

	private static String generate() {
		byte[] secret = new byte[32];
		new SecureRandom().nextBytes(secret);
		return HexFormat.of().formatHex(secret);
	}

	/**
	 * Writes the file at once or not at all. A temporary file is its owner's alone, and
	 * stays so when it is renamed.
	 */
	private static void write(Path file, String secret) throws IOException {
		Path temporary = Files.createTempFile(file.getParent(), "token-secret", null);
		Files.writeString(temporary, secret);
		Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
	}

}
