package dev.resumablews;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.beans.BeanUtils;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.annotation.ImportCandidates;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the runtime hints for native images, without building an image.
 */
class RuntimeHintsTests {

	@Test
	void everyResourceOfTheLibraryIsKeptInANativeImage() throws Exception {
		RuntimeHints hints = new RuntimeHints();
		for (Class<?> configuration : autoConfigurations()) {
			ImportRuntimeHints imported = AnnotatedElementUtils.findMergedAnnotation(configuration,
					ImportRuntimeHints.class);
			if (imported != null) {
				for (Class<? extends RuntimeHintsRegistrar> registrar : imported.value()) {
					BeanUtils.instantiateClass(registrar).registerHints(hints, getClass().getClassLoader());
				}
			}
		}
		assertThat(resources()).hasSizeGreaterThan(10)
			.allSatisfy(
					(resource) -> assertThat(RuntimeHintsPredicates.resource().forResource(resource)).accepts(hints));
	}

	private static List<? extends Class<?>> autoConfigurations() {
		ClassLoader classLoader = RuntimeHintsTests.class.getClassLoader();
		return ImportCandidates.load(AutoConfiguration.class, classLoader)
			.getCandidates()
			.stream()
			.filter((name) -> name.startsWith("dev.resumablews."))
			.map((name) -> ClassUtils.resolveClassName(name, classLoader))
			.toList();
	}

	/**
	 * Returns the resources of the library, except for classes and the files that Spring
	 * Boot reads.
	 */
	private static List<String> resources() throws Exception {
		Path jar = Path.of(ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		try (Stream<Path> files = Files.walk(jar.resolve("dev/resumablews"))) {
			return files.filter(Files::isRegularFile)
				.filter((file) -> !file.toString().endsWith(".class"))
				.map((file) -> jar.relativize(file).toString().replace('\\', '/'))
				.toList();
		}
	}

}
