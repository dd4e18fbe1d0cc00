package com.example.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.springframework.core.env.Environment;

/**
 * The folder for data that must survive a restart.
 *
 * @param path its path
 */
record DataFolder(Path path) {

	static DataFolder of(Environment environment) {
		return new DataFolder(Path.of(environment.getProperty("chat.data-dir", "data")).toAbsolutePath().normalize());
	}

	Path postgres() {
		return this.path.resolve("postgres");
	}

	/**
	 * Returns the folder of the Postgres binaries.
	 */
	Path postgresPrograms() {
		return this.path.resolve("postgres-programs");
	}

	Path postgresPassword() {
		return this.path.resolve("postgres-password");
	}

	Path tokenSecret() {
		return this.path.resolve("token-secret");
	}

	Path lock() {
		return this.path.resolve("in-use");
	}

	void create() throws IOException {
		Files.createDirectories(this.path);
	}

}
