package dev.resumablews.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Programs that may be installed on this machine.
 */
public final class Executables {

	private Executables() {
	}

	/**
	 * Finds a program on the path, or among those of the administrator.
	 * @param names what it may be called
	 * @return the first that there is
	 */
	public static Optional<Path> find(String... names) {
		String folders = System.getenv().getOrDefault("PATH", "") + File.pathSeparator + "/usr/sbin";
		return Stream.of(names)
			.flatMap((name) -> Stream.of(folders.split(File.pathSeparator)).map((folder) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

}
