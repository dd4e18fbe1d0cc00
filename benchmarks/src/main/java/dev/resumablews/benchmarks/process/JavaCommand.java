package dev.resumablews.benchmarks.process;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How a Java process is started: with the JVM of this one, and with its class path, less
 * the web server that is not wanted.
 */
final class JavaCommand {

	private JavaCommand() {
	}

	/**
	 * Returns a command.
	 * @param main the class to run
	 * @param container the web server to have on the class path
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
		 * Spring Boot's default. It has the classes of the WebSocket API in its own jar,
		 * which look for their implementation once; those of the API's jar, which is
		 * Jetty's here, do so in each handshake.
		 */
		TOMCAT("jetty", "jakarta.websocket"),

		/**
		 * The other one.
		 */
		JETTY("tomcat");

		private final List<String> absent;

		Container(String... absent) {
			this.absent = List.of(absent);
		}

	}

}
