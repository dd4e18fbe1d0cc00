package dev.resumablews;

import java.io.IOException;
import java.lang.reflect.Parameter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.NestedExceptionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the tables of docs/configuration.md match the properties. All cells except
 * the last are generated from the configuration metadata and from the messages for
 * invalid values. Run this class with {@code -Dresumable-ws.test.write-docs=true} to
 * update the page.
 */
class ConfigurationReferenceTests {

	private static final Path PAGE = Path.of("../docs/configuration.md");

	private static final String ROOT = "resumable-ws.";

	private static final String RELAY = "relay.<name>.";

	private static final String HEADER = """
			| Property | Type | Default | Allowed | Description | When to change it |
			|---|---|---|---|---|---|
			""";

	private static final Pattern TABLE = Pattern.compile("(<!-- properties: (.*?) -->\n)(.*?)(<!-- end -->)",
			Pattern.DOTALL);

	private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\|.*\\| ([^|]*) \\|$", Pattern.MULTILINE);

	private static final Pattern INVALID_VALUE_MESSAGE = Pattern
		.compile("Property (resumable-ws\\.\\S+) must be (.*?)(?: \\(a number without a unit .*\\))?, but is '.*'");

	@Test
	void thePageMatchesTheProperties() throws Exception {
		String page = Files.readString(PAGE);
		String current = withCurrentTables(page, properties());
		if (Boolean.getBoolean("resumable-ws.test.write-docs")) {
			Files.writeString(PAGE, current);
			return;
		}
		assertThat(page)
			.as("Run ConfigurationReferenceTests with -Dresumable-ws.test.write-docs=true to update %s", PAGE)
			.isEqualTo(current);
	}

	@Test
	void everyGroupOfPropertiesHasATable() throws Exception {
		assertThat(TABLE.matcher(Files.readString(PAGE)).results().map((table) -> table.group(2)))
			.containsExactlyInAnyOrderElementsOf(
					properties().stream().map(Property::group).collect(Collectors.toSet()));
	}

	@Test
	void thePageSaysWhenToChangeAProperty() throws Exception {
		Map<String, String> reasons = reasons(Files.readString(PAGE));
		assertThat(reasons).isNotEmpty().allSatisfy((name, reason) -> assertThat(reason).as(name).endsWith("."));
	}

	private static String withCurrentTables(String page, List<Property> properties) {
		Map<String, String> reasons = reasons(page);
		return TABLE.matcher(page).replaceAll((table) -> {
			String rows = properties.stream()
				.filter((property) -> property.group().equals(table.group(2)))
				.map((property) -> property.row(reasons.getOrDefault(property.name(), "")))
				.collect(Collectors.joining());
			return Matcher.quoteReplacement(table.group(1) + HEADER + rows + table.group(4));
		});
	}

	/**
	 * Returns the last cell of each row, which is written by hand.
	 */
	private static Map<String, String> reasons(String page) {
		Map<String, String> reasons = new LinkedHashMap<>();
		TABLE.matcher(page)
			.results()
			.flatMap((table) -> ROW.matcher(table.group(3)).results())
			.forEach((row) -> reasons.put(row.group(1), row.group(2).strip()));
		return reasons;
	}

	private static List<Property> properties() throws IOException, URISyntaxException {
		return Stream.concat(described(), relay()).toList();
	}

	private static Stream<Property> described() throws URISyntaxException {
		URI library = ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI();
		Path metadata = Path.of(library).resolve("META-INF/spring-configuration-metadata.json");
		JsonNode nodes = JsonMapper.builder().build().readTree(metadata.toFile()).path("properties");
		return StreamSupport.stream(nodes.spliterator(), false)
			.filter((node) -> node.path("name").asString().startsWith(ROOT))
			.filter((node) -> !node.path("name").asString().equals(ROOT + "relay"))
			.map((node) -> new Property(node.path("name").asString().substring(ROOT.length()),
					node.path("type").asString(), defaultValue(node.path("defaultValue")),
					node.path("description").asString()));
	}

	private static @Nullable String defaultValue(JsonNode value) {
		if (value.isArray()) {
			return StreamSupport.stream(value.spliterator(), false)
				.map(JsonNode::asString)
				.collect(Collectors.joining(","));
		}
		return value.isMissingNode() ? null : value.asString().replaceAll("^\\[|]$", "");
	}

	/**
	 * Returns the properties of a relay, which are not in the metadata because the names
	 * of relays are keys of a map.
	 */
	private static Stream<Property> relay() throws IOException {
		Map<String, String> descriptions = relayDescriptions();
		return Arrays.stream(ResumableWsProperties.Relay.class.getDeclaredConstructors()[0].getParameters())
			.map((parameter) -> new Property(RELAY + kebab(parameter.getName()),
					parameter.getParameterizedType().getTypeName(), defaultValue(parameter),
					descriptions.getOrDefault(parameter.getName(), "")));
	}

	private static @Nullable String defaultValue(Parameter parameter) {
		DefaultValue value = parameter.getAnnotation(DefaultValue.class);
		return (value != null && value.value().length > 0) ? String.join(",", value.value()) : null;
	}

	private static Map<String, String> relayDescriptions() throws IOException {
		String source = Files.readString(Path.of("src/main/java/dev/resumablews/ResumableWsProperties.java"));
		String relay = source.substring(0, source.indexOf("public record Relay("));
		return Pattern.compile("@param (\\w+) (.*?)(?=\\* @param|\\*/)", Pattern.DOTALL)
			.matcher(relay.substring(relay.lastIndexOf("/**")))
			.results()
			.collect(Collectors.toMap((match) -> match.group(1),
					(match) -> match.group(2).replaceAll("\\s*\\n\\s*\\*?\\s*", " ").strip()));
	}

	private static String kebab(String name) {
		return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
	}

	/**
	 * A property.
	 *
	 * @param name the name without the prefix
	 */
	private record Property(String name, String type, @Nullable String defaultValue, String description) {

		private String group() {
			int dot = this.name.lastIndexOf('.');
			return (dot != -1) ? this.name.substring(0, dot) : "general";
		}

		private String row(String reason) {
			return "| `%s` | %s | %s | %s | %s | %s |\n".formatted(this.name, shortType(),
					(this.defaultValue != null && !this.defaultValue.isEmpty()) ? code(this.defaultValue) : "none",
					allowed(),
					this.description.replace(" Milliseconds without a unit.", "").replace(" Bytes without a unit.", ""),
					reason);
		}

		private String shortType() {
			return switch (this.type) {
				case "java.lang.Boolean" -> "boolean";
				case "java.lang.Integer", "int" -> "integer";
				case "java.lang.Double" -> "decimal";
				case "java.lang.String" -> "text";
				case "java.time.Duration" -> "duration";
				case "java.net.URI" -> "URI";
				case "org.springframework.util.unit.DataSize" -> "size";
				case "org.springframework.core.io.Resource" -> "resource";
				default -> this.type.startsWith("java.util.List") ? "list"
						: this.type.startsWith("java.util.Map") ? "map" : "enum";
			};
		}

		private String allowed() {
			Set<String> rules = new LinkedHashSet<>();
			if (shortType().equals("boolean")) {
				rules.add("`true`, `false`");
			}
			enumeration().ifPresent(rules::add);
			invalidValues().flatMap((value) -> requirement(value).stream()).forEach(rules::add);
			return rules.isEmpty() ? "any" : String.join("; ", rules);
		}

		private Optional<String> enumeration() {
			return Pattern.compile("dev\\.resumablews\\.[\\w.]+\\$\\w+")
				.matcher(this.type)
				.results()
				.findFirst()
				.map(MatchResult::group)
				.map((name) -> Arrays.stream(load(name).getEnumConstants())
					.map((constant) -> code(constant.toString().toLowerCase(Locale.ROOT)))
					.collect(Collectors.joining(", ")));
		}

		private static Class<?> load(String name) {
			try {
				return Class.forName(name);
			}
			catch (ClassNotFoundException ex) {
				throw new IllegalStateException(ex);
			}
		}

		private Stream<String> invalidValues() {
			return switch (shortType()) {
				case "boolean" -> Stream.empty();
				case "integer" -> Stream.of("-1", String.valueOf(Integer.MAX_VALUE));
				case "decimal" -> Stream.of("-1");
				case "duration" -> Stream.of("-1ms", "250ms", "36500d");
				case "size" -> Stream.of("-1B", "2KB", "1TB");
				default -> Stream.of("?", "");
			};
		}

		/**
		 * Returns the requirement from the message for an invalid value.
		 */
		private Optional<String> requirement(String value) {
			Map<String, String> values = new LinkedHashMap<>();
			if (this.name.startsWith(RELAY)) {
				values.put(ROOT + "relay.name.uri", "wss://example.com");
			}
			values.put(ROOT + this.name.replace("<name>", "name"), value);
			try {
				new Binder(new MapConfigurationPropertySource(values)).bind("resumable-ws",
						ResumableWsProperties.class);
				return Optional.empty();
			}
			catch (BindException ex) {
				Matcher requirement = INVALID_VALUE_MESSAGE
					.matcher(String.valueOf(NestedExceptionUtils.getMostSpecificCause(ex).getMessage()));
				return (requirement.matches() && requirement.group(1).equals(ROOT + this.name))
						? Optional.of(requirement.group(2).replace("<", "&lt;")) : Optional.empty();
			}
		}

		private static String code(String value) {
			return "`" + value + "`";
		}

	}

}
