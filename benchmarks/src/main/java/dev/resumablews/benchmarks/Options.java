package dev.resumablews.benchmarks;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.benchmarks.scenario.Parameters;
import org.jspecify.annotations.Nullable;

/**
 * What the command line says.
 *
 * @param scenarios groups or names of the scenarios to measure; empty for all
 * @param variants variants to measure; empty for all
 * @param rounds how often each variant is measured
 * @param quick whether to measure for shorter times, and with less data
 * @param postgres JDBC URL of a server to use; null to start one
 * @param settings parameters of scenarios
 * @param jvm further options of the servers' JVMs
 * @param home folder of this module
 */
record Options(List<String> scenarios, List<String> variants, int rounds, boolean quick, @Nullable String postgres,
		List<String> settings, List<String> jvm, Path home) {

	static final String USAGE = """
			Usage: benchmarks/run [options]
			  --scenarios a,b,…  which to measure; groups or names, all if nothing is said
			  --variants a,b,…   which variants of them
			  --rounds n         how often, 3 if nothing is said
			  --quick            one round, shorter, with less data: to see that it works
			  --postgres url     JDBC URL of a server to use, of a superuser; one is started if nothing is said
			  --set name=value   sets a parameter of a scenario; may be repeated
			  --jvm "a b …"      further options of the servers' JVMs, such as a profiler's
			  --list             which scenarios and variants there are
			  --jmh              the inner loops, in place of the scenarios
			  --samples a.jfr …  which libraries the samples of flight recordings belong to, in place of the scenarios

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
			throw new IllegalArgumentException("Option '%s' needs a value".formatted(args[index - 1]));
		}
		return args[index];
	}

}
