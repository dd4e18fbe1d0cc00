package dev.resumablews.benchmarks.process;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.benchmarks.wire.Seeds;
import org.jspecify.annotations.Nullable;

/**
 * Runs the statement of the log with Postgres' own load generator, to measure how many
 * events the database can store without any other cost.
 */
public final class PgBench {

	private static final Pattern INPUT = Pattern
		.compile("unnest\\((?<parameters>[^)]*)\\)\\s+with ordinality as i \\((?<columns>[^)]*)\\)");

	private static final Pattern PARAMETER = Pattern.compile("\\$(\\d+)");

	private static final Pattern RESULT = Pattern.compile("tps = ([0-9.]+)");

	private final Path program;

	private final Path folder;

	private PgBench(Path program, Path folder) {
		this.program = program;
		this.folder = folder;
	}

	/**
	 * Finds the program on the path or in Debian's directories.
	 * @param folder directory for its scripts
	 * @return the program; null if there is none
	 */
	public static @Nullable PgBench find(Path folder) {
		List<Path> places = new ArrayList<>(
				Arrays.stream(System.getenv("PATH").split(File.pathSeparator)).map(Path::of).toList());
		Path versions = Path.of("/usr/lib/postgresql");
		if (Files.isDirectory(versions)) {
			try (Stream<Path> found = Files.list(versions)) {
				found.sorted(Comparator.reverseOrder()).map((version) -> version.resolve("bin")).forEach(places::add);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
		return places.stream()
			.map((place) -> place.resolve("pgbench"))
			.filter(Files::isExecutable)
			.findFirst()
			.map((program) -> new PgBench(program, folder))
			.orElse(null);
	}

	/**
	 * Stores batches of events.
	 * @param url JDBC URL of the database
	 * @param statement the log's statement, with {@code $1}, {@code $2}, … for its
	 * parameters
	 * @param clients number of concurrent clients, each with its own sessions
	 * @param sessions number of seeded sessions
	 * @param batch number of events in each statement
	 * @param payload payload of each event
	 * @param seconds duration
	 * @return events a second
	 */
	public double eventsPerSecond(String url, String statement, int clients, int sessions, int batch, String payload,
			int seconds) {
		try {
			Path script = Files.writeString(Files.createDirectories(this.folder).resolve("pgbench.sql"),
					script(statement, clients) + ";\n");
			List<String> command = new ArrayList<>(
					List.of(this.program.toString(), "-n", "-M", "prepared", "-c", String.valueOf(clients), "-j",
							String.valueOf(clients), "-T", String.valueOf(seconds), "-f", script.toString()));
			variables(clients, sessions, batch, payload)
				.forEach((name, value) -> command.add("-D" + name + "=" + value));
			Matcher address = Pattern.compile("jdbc:postgresql://([^:/]+):(\\d+)/([^?]+)(.*)").matcher(url);
			if (!address.matches()) {
				throw new IllegalArgumentException("'%s' must name host, port and database".formatted(url));
			}
			command.addAll(List.of("-h", address.group(1), "-p", address.group(2), "-U", parameter(url, "user"),
					address.group(3)));
			ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
			builder.environment().put("PGPASSWORD", parameter(url, "password"));
			Process process = builder.start();
			String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			Matcher result = RESULT.matcher(output);
			if (!result.find()) {
				throw new IllegalStateException("pgbench failed: " + output);
			}
			return Double.parseDouble(result.group(1)) * batch;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Replaces the parameters of the statement with variables that are named after their
	 * columns.
	 */
	private static String script(String statement, int clients) {
		Matcher input = INPUT.matcher(statement);
		if (!input.find()) {
			throw new IllegalStateException("The log's statement is not what it was; adapt PgBench to: " + statement);
		}
		String[] columns = input.group("columns").split(",");
		String[] parameters = input.group("parameters").split(",");
		StringBuilder named = new StringBuilder();
		for (int i = 0; i < parameters.length; i++) {
			named.append((i > 0) ? ", " : "")
				.append(PARAMETER.matcher(parameters[i].strip())
					.replaceFirst(Matcher.quoteReplacement(value(columns[i].strip(), clients))));
		}
		String rest = statement.substring(0, input.start("parameters")) + named
				+ statement.substring(input.end("parameters"));
		// the remaining parameters: the number of sessions, all of which are locked, the
		// sessions to lock, the replies to write for (none), the node that waits for a
		// reply, and the duration of its wait
		return rest.replaceAll("from locked\\) < \\$\\d+", "from locked) < 0")
			.replaceAll("any \\(\\$\\d+::uuid\\[]\\)",
					Matcher.quoteReplacement("any (" + ofClient("locked", clients) + "::uuid[])"))
			.replaceAll("\\$\\d+::(\\w+)\\[]", "'{}'::$1[]")
			.replaceAll("secs => \\$\\d+", "secs => 15")
			.replaceAll("\\$\\d+", "'00000000-0000-4000-8000-000000000000'::uuid");
	}

	private static String value(String column, int clients) {
		return switch (column) {
			case "session_id" -> ofClient("sessions", clients);
			case "type" -> ":types";
			case "payload" -> ":payloads";
			default -> "'{}'";
		};
	}

	private static String ofClient(String variable, int clients) {
		return IntStream.range(0, clients)
			.mapToObj((client) -> " when " + client + " then :" + variable + client)
			.collect(Collectors.joining("", "(case :client_id::int", " end)"));
	}

	private static Map<String, String> variables(int clients, int sessions, int batch, String payload) {
		Map<String, String> variables = new TreeMap<>();
		for (int client = 0; client < clients; client++) {
			int offset = client;
			variables.put("sessions" + client,
					array(batch, (i) -> Seeds.sessionId((offset + i * clients) % sessions).toString()));
			variables.put("locked" + client, array(Math.min(batch, sessions / clients),
					(i) -> Seeds.sessionId((offset + i * clients) % sessions).toString()));
		}
		variables.put("types", array(batch, (i) -> Seeds.EVENT_TYPE));
		variables.put("payloads", array(batch, (i) -> '"' + payload.replace("\"", "\\\"") + '"'));
		return variables;
	}

	private static String array(int length, IntFunction<String> value) {
		return IntStream.range(0, length).mapToObj(value).collect(Collectors.joining(",", "{", "}"));
	}

	private static String parameter(String url, String name) {
		Matcher matcher = Pattern.compile("[?&]" + name + "=([^&]*)").matcher(url);
		return matcher.find() ? matcher.group(1) : "";
	}

}
