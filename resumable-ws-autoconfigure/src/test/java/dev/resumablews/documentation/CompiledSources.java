package dev.resumablews.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The Java sources that the build compiles. Code is compared without indentation, empty
 * lines and {@code static}, because a class from the documentation may be nested in a
 * source.
 */
final class CompiledSources {

	private final List<String> sources;

	private CompiledSources(List<String> sources) {
		this.sources = sources;
	}

	static CompiledSources read() throws IOException {
		try (Stream<Path> modules = Stream.concat(Files.list(MarkdownPage.ROOT),
				Files.list(MarkdownPage.ROOT.resolve("samples")))) {
			return new CompiledSources(modules.filter((module) -> Files.exists(module.resolve("pom.xml")))
				.map((module) -> module.resolve("src"))
				.filter(Files::isDirectory)
				.flatMap(CompiledSources::javaFiles)
				.map(CompiledSources::read)
				.map(CompiledSources::normalize)
				.toList());
		}
	}

	/**
	 * Returns whether one of the sources contains the lines of the code in sequence.
	 */
	boolean contain(String code) {
		String region = normalize(code);
		return this.sources.stream().anyMatch((source) -> source.contains(region));
	}

	private static String normalize(String code) {
		return code.lines()
			.map(String::strip)
			.filter((line) -> !line.isEmpty())
			.map((line) -> line.replaceFirst("\\bstatic (?=(final )?(class|record|interface) )", ""))
			.collect(Collectors.joining("\n", "\n", "\n"));
	}

	private static Stream<Path> javaFiles(Path folder) {
		try (Stream<Path> files = Files.walk(folder)) {
			return files.filter((file) -> file.toString().endsWith(".java")).toList().stream();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
