package dev.resumablews.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.benchmarks.scenario.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * Options of the command line.
 *
 * @param scenarios groups or names of the scenarios to measure; empty for all
 * @param variants variants to measure; empty for all
 * @param rounds number of rounds
 * @param quick whether to measure for a shorter time and with less data
 * @param postgres JDBC URL of a server to use; null to start one
 * @param settings parameters of scenarios
 * @param jvm additional JVM options of the servers
 * @param home directory of this module
 */
record Options(List<String> scenarios, List<String> variants, int rounds, boolean quick, @Nullable String postgres,
		List<String> settings, List<String> jvm, Path home) {

	static final String USAGE = """
			Usage: benchmarks/run [options]
			  --scenarios a,b,…  groups or names of scenarios; all by default
			  --variants a,b,…   variants; all by default
			  --rounds n         number of rounds; 3 by default
			  --quick            measures one short round with less data, to check that everything works
			  --postgres url     JDBC URL of a superuser of a running server; starts a server by default
			  --set name=value   sets a parameter of a scenario; can be repeated
			  --jvm "a b …"      additional JVM options of the servers, such as a profiler's
			  --list             lists the scenarios and variants
			  --jmh              measures the inner loops instead of the scenarios; JMH's options follow
			  --samples a.jfr …  prints the samples of flight recordings by library instead of measuring

			Parameters and their defaults:
			""";

	static Options parse(String[] args, Path home) {
		List<String> scenarios = List.of();
		List<String> variants = List.of();
		int rounds = 0;
		boolean quick = false;
		String postgres = null;
		List<String> settings = new ArrayList<>();
		List<String> jvm = List.of();
		for (int i = 0; i < args.length; i++) {
			switch (args[i]) {
				case "--quick" -> quick = true;
				case "--scenarios" -> scenarios = List.of(value(args, ++i).split(","));
				case "--variants" -> variants = List.of(value(args, ++i).split(","));
				case "--rounds" -> rounds = Integer.parseInt(value(args, ++i));
				case "--set" -> settings.add(value(args, ++i));
				case "--jvm" -> jvm = List.of(value(args, ++i).split(" "));
				case "--postgres" -> postgres = value(args, ++i);
				default -> throw new IllegalArgumentException("Unknown option '%s'".formatted(args[i]));
			}
		}
		return new Options(scenarios, variants, (rounds > 0) ? rounds : quick ? 1 : 3, quick, postgres, settings, jvm,
				home);
	}

	Parameters parameters() {
		return Parameters.parse(this.quick, this.settings);
	}

	boolean wants(String group, String name) {
		return this.scenarios.isEmpty() || this.scenarios.contains(group) || this.scenarios.contains(name);
	}

	boolean wants(String variant) {
		return this.variants.isEmpty() || this.variants.contains(variant);
	}

	private static String value(String[] args, int index) {
		if (index >= args.length) {
			throw new IllegalArgumentException("Option '%s' requires a value".formatted(args[index - 1]));
		}
		return args[index];
	}

}
