package dev.resumablews.benchmarks.scenario;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Parameters of the scenarios: values of the command line, and defaults for the others.
 *
 * @param quick whether the defaults are those of a quick run
 * @param values values of the command line
 */
public record Parameters(boolean quick, Map<Parameter, List<Integer>> values) {

	/**
	 * Parses settings.
	 * @param quick whether the defaults are those of a quick run
	 * @param settings names and values, such as {@code jitter.clients=100}
	 * @return the parameters
	 */
	public static Parameters parse(boolean quick, List<String> settings) {
		Map<Parameter, List<Integer>> values = new EnumMap<>(Parameter.class);
		for (String setting : settings) {
			int equals = setting.indexOf('=');
			String name = setting.substring(0, Math.max(0, equals));
			Parameter parameter = Arrays.stream(Parameter.values())
				.filter((known) -> known.text().equals(name))
				.findFirst()
				.orElseThrow(() -> new IllegalArgumentException(
						"'%s' must be a parameter, '=' and a number:%n%s".formatted(setting, describe())));
			values.put(parameter, numbers(setting.substring(equals + 1)));
		}
		return new Parameters(quick, values);
	}

	/**
	 * Returns a description of all parameters.
	 * @return one line for each parameter
	 */
	public static String describe() {
		return Arrays.stream(Parameter.values())
			.map((parameter) -> "  %-28s %-10s %s%n".formatted(parameter.text(), parameter.fallback(false),
					parameter.description()))
			.collect(Collectors.joining());
	}

	int number(Parameter parameter) {
		return all(parameter).get(0);
	}

	List<Integer> all(Parameter parameter) {
		List<Integer> set = this.values.get(parameter);
		return (set != null) ? set : numbers(parameter.fallback(this.quick));
	}

	private static List<Integer> numbers(String text) {
		return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
	}

}
