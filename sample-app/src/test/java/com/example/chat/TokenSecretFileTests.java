package com.example.chat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

class TokenSecretFileTests {

	@TempDir
	Path folder;

	@Test
	void theSecretSurvivesARestart() {
		String first = secret(null);

		assertThat(first).hasSizeGreaterThanOrEqualTo(32);
		assertThat(secret(null)).isEqualTo(first);
	}

	@Test
	void otherAccountsCannotReadTheSecret() throws Exception {
		assumeThat(Files.getFileAttributeView(this.folder, PosixFileAttributeView.class)).isNotNull();

		secret(null);

		assertThat(
				PosixFilePermissions.toString(Files.getPosixFilePermissions(this.folder.resolve("data/token-secret"))))
			.isEqualTo("rw-------");
	}

	@Test
	void aConfiguredSecretIsUsedAndNoFileIsWritten() {
		assertThat(secret("configured")).isEqualTo("configured");
		assertThat(this.folder).isEmptyDirectory();
	}

	private @Nullable String secret(@Nullable String configured) {
		MockEnvironment environment = new MockEnvironment();
		environment.setProperty("chat.data-dir", this.folder.resolve("data").toString());
		if (configured != null) {
			environment.setProperty(TokenSecretFile.PROPERTY, configured);
		}
		new TokenSecretFile().postProcessEnvironment(environment, new SpringApplication());
		return environment.getProperty(TokenSecretFile.PROPERTY);
	}

}
