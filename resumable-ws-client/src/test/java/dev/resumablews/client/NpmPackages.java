package dev.resumablews.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * The packages that a folder's {@code package-lock.json} names, installed once.
 */
final class NpmPackages {

	private static final Duration TIMEOUT = Duration.ofMinutes(3);

	private NpmPackages() {
	}

	/**
	 * Installs the packages unless they are there.
	 * @param folder the folder of the lock file
	 * @return why they are not there, or {@code null} if they are
	 */
	static synchronized @Nullable String install(Path folder) {
		try {
			return isInstalled(folder) ? null : run(folder);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * npm writes this file last.
	 */
	private static boolean isInstalled(Path folder) throws IOException {
		Path installed = folder.resolve("node_modules/.package-lock.json");
		return Files.exists(installed) && Files.getLastModifiedTime(installed)
			.compareTo(Files.getLastModifiedTime(folder.resolve("package-lock.json"))) >= 0;
	}

	private static @Nullable String run(Path folder) throws IOException, InterruptedException {
		Path output = Files.createTempFile("npm-", ".out");
		try {
			Process process = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
				.directory(folder.toFile())
				.redirectErrorStream(true)
				.redirectOutput(output.toFile())
				.start();
			if (!process.waitFor(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
				process.descendants().forEach(ProcessHandle::destroyForcibly);
				process.destroyForcibly().waitFor();
				return "'npm ci' has not ended within " + TIMEOUT;
			}
			return (process.exitValue() == 0) ? null
					: "'npm ci' has failed: " + Files.readString(output, StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			return "'npm' cannot be run: " + ex.getMessage();
		}
		finally {
			Files.delete(output);
		}
	}

}
