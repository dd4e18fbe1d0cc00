package com.example.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A file with a random secret that only its owner can read.
 */
final class SecretFile {

	private static final int BYTES = 32;

	private SecretFile() {
	}

	/**
	 * Returns the secret in a file, and generates it if the file does not exist.
	 * @param file the file, in an existing folder
	 * @return the content of the file, 64 hexadecimal digits if it was generated
	 */
	static String read(Path file) throws IOException {
		if (!Files.exists(file)) {
			write(file, generate());
		}
		return Files.readString(file).strip();
	}

	/**
	 * Returns a random secret.
	 */
	static String generate() {
		byte[] secret = new byte[BYTES];
		new SecureRandom().nextBytes(secret);
		return HexFormat.of().formatHex(secret);
	}

	/**
	 * Writes the file atomically. A temporary file is accessible only to its owner, and
	 * keeps its permissions when it is renamed.
	 */
	private static void write(Path file, String secret) throws IOException {
		Path temporary = Files.createTempFile(file.getParent(), file.getFileName().toString(), null);
		Files.writeString(temporary, secret);
		Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
	}

}
