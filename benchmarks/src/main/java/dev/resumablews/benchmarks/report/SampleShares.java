package dev.resumablews.benchmarks.report;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * Prints the share of each library in the samples of flight recordings. A sample belongs
 * to the library of its innermost frame outside of the JDK and Kotlin's runtime. Samples
 * cover Java code only, without the kernel and the compiler. Samples of the warm-up are
 * omitted.
 */
public final class SampleShares {

	private static final Duration WARM_UP = Duration.ofSeconds(40);

	private static final String OTHER = "other";

	/**
	 * Libraries by prefix of their class names; the first match counts.
	 */
	private static final Map<String, String> LIBRARIES = libraries();

	private final Map<String, Integer> samples = new TreeMap<>();

	private int total;

	private @Nullable Instant first;

	private SampleShares() {
	}

	/**
	 * Prints the shares.
	 * @param args the recordings
	 * @throws IOException if a recording cannot be read
	 */
	public static void main(String[] args) throws IOException {
		for (String arg : args) {
			SampleShares shares = new SampleShares();
			try (RecordingFile recording = new RecordingFile(Path.of(arg))) {
				while (recording.hasMoreEvents()) {
					shares.add(recording.readEvent());
				}
			}
			System.out.printf(Locale.ROOT, "%s: %,d samples%n%s", arg, shares.total, shares.table());
		}
	}

	/**
	 * Returns the library that a stack belongs to.
	 * @param types names of the classes of its frames, the innermost one first
	 * @return the library
	 */
	static String library(List<String> types) {
		for (String type : types) {
			for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
				if (type.startsWith(library.getKey())) {
					return library.getValue();
				}
			}
		}
		return OTHER;
	}

	private void add(RecordedEvent event) {
		RecordedStackTrace stack = event.getStackTrace();
		if (!event.getEventType().getName().equals("jdk.ExecutionSample") || stack == null) {
			return;
		}
		Instant time = event.getStartTime();
		if (this.first == null) {
			this.first = time;
		}
		if (time.isBefore(this.first.plus(WARM_UP))) {
			return;
		}
		List<String> types = stack.getFrames()
			.stream()
			.filter(RecordedFrame::isJavaFrame)
			.map((frame) -> frame.getMethod().getType().getName())
			.toList();
		this.samples.merge(library(types), 1, Integer::sum);
		this.total++;
	}

	private String table() {
		StringBuilder table = new StringBuilder("| library | samples | share |\n|---|---|---|\n");
		this.samples.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
			.forEach((entry) -> table.append(String.format(Locale.ROOT, "| %s | %,d | %.1f %% |%n", entry.getKey(),
					entry.getValue(), 100.0 * entry.getValue() / this.total)));
		return table.toString();
	}

	private static Map<String, String> libraries() {
		Map<String, String> libraries = new LinkedHashMap<>();
		libraries.put("dev.resumablews.benchmarks.", "the benchmark's handler");
		libraries.put("dev.resumablews.", "this library");
		libraries.put("com.openai.", "OpenAI's SDK");
		libraries.put("com.fasterxml.jackson.", "Jackson 2 (the SDK's)");
		libraries.put("tools.jackson.", "Jackson 3");
		libraries.put("org.springframework.ai.", "Spring AI");
		libraries.put("reactor.", "Reactor");
		libraries.put("okhttp3.", "OkHttp");
		libraries.put("okio.", "OkHttp");
		libraries.put("org.postgresql.", "JDBC");
		libraries.put("com.zaxxer.hikari.", "JDBC");
		libraries.put("org.springframework.jdbc.", "JDBC");
		libraries.put("org.apache.tomcat.", "Tomcat");
		libraries.put("org.apache.catalina.", "Tomcat");
		libraries.put("org.apache.coyote.", "Tomcat");
		libraries.put("io.micrometer.", "Micrometer");
		libraries.put("org.springframework.", "Spring");
		return libraries;
	}

}
