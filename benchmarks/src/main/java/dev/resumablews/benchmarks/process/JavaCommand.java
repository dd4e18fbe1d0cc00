package dev.resumablews.benchmarks.process;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Builds the command of a Java process that uses the JVM and the class path of this
 * process, without the other web server.
 */
final class JavaCommand {

	private JavaCommand() {
	}

	/**
	 * Returns a command.
	 * @param main the class to run
	 * @param container the web server on the class path
	 * @param options options of the JVM
	 * @param arguments arguments of the class
	 */
	static List<String> of(Class<?> main, Container container, List<String> options, List<String> arguments) {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(options);
		command.add("-cp");
		command.add(classPath(container));
		command.add(main.getName());
		command.addAll(arguments);
		return command;
	}

	private static String classPath(Container container) {
		return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter((entry) -> container.absent.stream().noneMatch(Path.of(entry).getFileName().toString()::contains))
			.collect(Collectors.joining(File.pathSeparator));
	}

	/**
	 * A web server.
	 */
	enum Container {

		/**
		 * Spring Boot's default. Its own jar contains the WebSocket API, which looks up
		 * its implementation once; the separate jar of the API, which Jetty uses, looks
		 * it up in each handshake.
		 */
		TOMCAT("jetty", "jakarta.websocket"),

		/**
		 * Jetty instead of Tomcat.
		 */
		JETTY("tomcat");

		private final List<String> absent;

		Container(String... absent) {
			this.absent = List.of(absent);
		}

	}

}
