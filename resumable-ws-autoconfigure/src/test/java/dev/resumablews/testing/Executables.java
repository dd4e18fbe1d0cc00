package dev.resumablews.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds programs that are installed on this machine.
 */
public final class Executables {

	private Executables() {
	}

	/**
	 * Finds a program on the {@code PATH} or in the directories of system programs.
	 * @param names the possible names
	 * @return the first program found
	 */
	public static Optional<Path> find(String... names) {
		String folders = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
		return Stream.of(names)
			.flatMap((name) -> Stream.of(folders.split(File.pathSeparator)).map((folder) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

}
