package dev.resumablews.benchmarks.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Describes the machine that runs the benchmarks.
 */
public final class Machine {

	private Machine() {
	}

	/**
	 * Returns a description of the machine.
	 * @param postgresVersion version of Postgres
	 * @param jvmOptions options of the servers' JVMs
	 * @return one line for each property
	 */
	public static List<String> describe(String postgresVersion, List<String> jvmOptions) {
		long memory = Long.parseLong(find("/proc/meminfo", "MemTotal:").replace("kB", "").strip());
		return List.of(
				"%d cores of %s, %d GiB of memory".formatted(Runtime.getRuntime().availableProcessors(),
						find("/proc/cpuinfo", "model name").replace(":", "").strip(), Math.round(memory / 1048576.0)),
				"%s %s; the load generator, the servers and Postgres share the cores"
					.formatted(System.getProperty("os.name"), System.getProperty("os.version")),
				"JDK %s %s, servers with %s".formatted(Runtime.version(), System.getProperty("java.vendor"),
						String.join(" ", jvmOptions)),
				"Postgres %s, fsync, synchronous_commit and full_page_writes on, otherwise with default settings"
					.formatted(postgresVersion));
	}

	private static String find(String file, String name) {
		try {
			return Files.readAllLines(Path.of(file))
				.stream()
				.filter((line) -> line.startsWith(name))
				.findFirst()
				.map((line) -> line.substring(name.length()).strip())
				.orElse("0");
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Benchmarks run on Linux", ex);
		}
	}

}
