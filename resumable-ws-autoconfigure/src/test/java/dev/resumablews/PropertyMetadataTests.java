package dev.resumablews;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that every property has a description in the style of Spring Boot.
 */
class PropertyMetadataTests {

	@ParameterizedTest(name = "{0}")
	@MethodSource("properties")
	void everyPropertyIsDescribed(String name, String type, String description) {
		assertThat(name).startsWith("resumable-ws.");
		assertThat(description).isNotBlank()
			.endsWith(".")
			.doesNotContainPattern("(?i)^(a|an|the)\\b")
			.doesNotContainPattern("(?i)\\bdefaults?\\b");
		if (type.equals("java.lang.Boolean")) {
			assertThat(description).startsWith("Whether ");
		}
		else {
			assertThat(description).doesNotStartWith("Whether ");
		}
		if (type.equals("java.time.Duration")) {
			assertThat(description).contains("Milliseconds without a unit.");
		}
		if (type.equals("org.springframework.util.unit.DataSize")) {
			assertThat(description).contains("Bytes without a unit.");
		}
	}

	/**
	 * The annotation processor uses the first parameter whose name starts with the name
	 * of the property, so the shorter of two such names must be described first.
	 */
	@Test
	void everyPropertyHasItsOwnDescription() throws URISyntaxException {
		List<String> descriptions = read("properties").filter(PropertyMetadataTests::isOurs)
			.map((property) -> property.path("description").asString(""))
			.toList();
		assertThat(descriptions).doesNotHaveDuplicates()
			.allSatisfy((description) -> assertThat(descriptions)
				.noneMatch((other) -> !other.equals(description) && other.endsWith(description)));
	}

	@Test
	void hintsReferToExistingProperties() throws URISyntaxException {
		assertThat(names("hints")).contains("resumable-ws.path", "resumable-ws.client.path",
				"resumable-ws.cleanup.cron", "resumable-ws.auth.jwt.user-claim", "resumable-ws.allowed-origins");
		assertThat(names("properties")).containsAll(names("hints"));
	}

	static Stream<Arguments> properties() throws URISyntaxException {
		return read("properties").filter(PropertyMetadataTests::isOurs)
			.map((property) -> Arguments.of(property.path("name").asString(), property.path("type").asString(),
					property.path("description").asString("")));
	}

	/**
	 * Excludes the properties that every actuator endpoint has, which Spring Boot
	 * describes.
	 */
	private static boolean isOurs(JsonNode property) {
		return !property.path("name").asString().startsWith("management.endpoint.");
	}

	private static List<String> names(String kind) throws URISyntaxException {
		return read(kind).map((each) -> each.path("name").asString()).toList();
	}

	private static Stream<JsonNode> read(String kind) throws URISyntaxException {
		URI library = ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI();
		Path metadata = Path.of(library).resolve("META-INF/spring-configuration-metadata.json");
		JsonNode nodes = JsonMapper.builder().build().readTree(metadata.toFile()).path(kind);
		return StreamSupport.stream(nodes.spliterator(), false);
	}

}
