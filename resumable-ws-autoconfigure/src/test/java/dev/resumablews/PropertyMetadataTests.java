package dev.resumablews;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every property is described, the way Spring Boot describes its own.
 */
class PropertyMetadataTests {

	@ParameterizedTest(name = "{0}")
	@MethodSource("properties")
	void aPropertyIsDescribed(String name, String type, String description) {
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
	}

	static Stream<Arguments> properties() throws URISyntaxException {
		URI library = ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI();
		Path metadata = Path.of(library).resolve("META-INF/spring-configuration-metadata.json");
		JsonNode properties = JsonMapper.builder().build().readTree(metadata.toFile()).path("properties");
		return StreamSupport.stream(properties.spliterator(), false)
			.map((property) -> Arguments.of(property.path("name").asString(), property.path("type").asString(),
					property.path("description").asString("")));
	}

}
