package dev.resumablews.internal.configuration;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.ResumableWsProperties;
import org.jspecify.annotations.Nullable;

/**
 * The valid property names, derived from the components of {@link ResumableWsProperties}.
 * Immutable.
 */
final class KnownProperties {

	/**
	 * Placeholder for a name chosen by the application.
	 */
	private static final String ANY = "<name>";

	private static final Pattern RELAY = Pattern.compile("^relay\\.(?<name>[^.]+)\\.");

	/**
	 * Minimum number of letters per edit for two names to be considered similar.
	 */
	private static final int LETTERS_FOR_EDIT = 8;

	private final List<String> names = new ArrayList<>();

	KnownProperties() {
		collect("", ResumableWsProperties.class);
	}

	/**
	 * Returns the type of a property.
	 * @param elements the elements of its name after the prefix, in lower case and
	 * without dashes
	 * @return the type; null if there is no such property
	 */
	@Nullable Class<?> type(List<String> elements) {
		return type(ResumableWsProperties.class, elements);
	}

	private static @Nullable Class<?> type(Type type, List<String> elements) {
		if (raw(type).isRecord()) {
			return elements.isEmpty() ? null : typeOfComponent(raw(type), elements);
		}
		if (raw(type) == Map.class && elements.size() > 1 && raw(argument(type, 1)).isRecord()) {
			return type(argument(type, 1), elements.subList(1, elements.size()));
		}
		boolean inside = raw(type) == Map.class ? !elements.isEmpty()
				: elements.isEmpty() || raw(type) == List.class && elements.size() == 1 && isNumber(elements.get(0));
		return inside ? raw(type) : null;
	}

	private static @Nullable Class<?> typeOfComponent(Class<?> type, List<String> elements) {
		for (RecordComponent component : type.getRecordComponents()) {
			if (component.getName().toLowerCase(Locale.ROOT).equals(elements.get(0))) {
				return type(component.getGenericType(), elements.subList(1, elements.size()));
			}
		}
		return null;
	}

	/**
	 * Returns the most similar valid name.
	 * @param unknown a name without the prefix, in canonical form
	 * @return the name without the prefix; null if none is similar
	 */
	@Nullable String nearest(String unknown) {
		Matcher relay = RELAY.matcher(unknown);
		return relay.find() ? nearestTo(relay.replaceFirst("relay." + ANY + "."), relay.group("name"))
				: nearestTo(unknown, ANY);
	}

	private @Nullable String nearestTo(String unknown, String relay) {
		String nearest = nearestTo(unknown);
		return (nearest != null) ? nearest.replace(ANY, relay) : null;
	}

	private @Nullable String nearestTo(String unknown) {
		String last = unknown.substring(unknown.lastIndexOf('.') + 1);
		List<String> sameEnd = this.names.stream()
			.filter((name) -> name.substring(name.lastIndexOf('.') + 1).equals(last))
			.toList();
		String nearest = this.names.stream()
			.min(Comparator.comparingInt((name) -> distance(uniform(name), uniform(unknown))))
			.orElseThrow();
		if (distance(uniform(nearest), uniform(unknown)) <= 1 + uniform(unknown).length() / LETTERS_FOR_EDIT) {
			return nearest;
		}
		return (sameEnd.size() == 1) ? sameEnd.get(0) : null;
	}

	private void collect(String prefix, Class<?> type) {
		for (RecordComponent component : type.getRecordComponents()) {
			String name = prefix + component.getName().replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
			Type value = component.getGenericType();
			if (raw(value).isRecord()) {
				collect(name + ".", raw(value));
			}
			else if (raw(value) == Map.class && raw(argument(value, 1)).isRecord()) {
				collect(name + "." + ANY + ".", raw(argument(value, 1)));
			}
			else {
				this.names.add(name);
			}
		}
	}

	private static Class<?> raw(Type type) {
		return (Class<?>) ((type instanceof ParameterizedType parameterized) ? parameterized.getRawType() : type);
	}

	private static Type argument(Type type, int index) {
		return ((ParameterizedType) type).getActualTypeArguments()[index];
	}

	private static boolean isNumber(String element) {
		return element.chars().allMatch(Character::isDigit);
	}

	private static String uniform(String name) {
		return name.replace("-", "").toLowerCase(Locale.ROOT);
	}

	/**
	 * Returns the Levenshtein distance.
	 */
	private static int distance(String first, String second) {
		int[] row = new int[second.length() + 1];
		for (int j = 0; j < row.length; j++) {
			row[j] = j;
		}
		for (int i = 1; i <= first.length(); i++) {
			int diagonal = row[0];
			row[0] = i;
			for (int j = 1; j < row.length; j++) {
				int replaced = diagonal + ((first.charAt(i - 1) == second.charAt(j - 1)) ? 0 : 1);
				diagonal = row[j];
				row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
			}
		}
		return row[second.length()];
	}

}
