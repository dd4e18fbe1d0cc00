package dev.resumablews.benchmarks.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * A running server under test.
 */
public final class Server implements AutoCloseable {

	private static final Duration RESPONSE_TIMEOUT = Duration.ofMinutes(3);

	private final HttpClient http = HttpClient.newHttpClient();

	private final ChildProcess process;

	Server(ChildProcess process) {
		this.process = process;
	}

	/**
	 * Returns its port on this machine.
	 * @return the port
	 */
	public int port() {
		return Integer.parseInt(this.process.address());
	}

	/**
	 * Returns the id of its process.
	 * @return the id
	 */
	public long pid() {
		return this.process.pid();
	}

	void awaitEnd() {
		this.process.awaitEnd();
	}

	/**
	 * Sends a control request.
	 * @param request path below {@code /bench}, and query
	 * @return the numbers in the response
	 */
	public Map<String, Double> control(String request) {
		try {
			HttpRequest post = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + "/bench/" + request))
				.timeout(RESPONSE_TIMEOUT)
				.POST(HttpRequest.BodyPublishers.noBody())
				.build();
			HttpResponse<String> response = this.http.send(post, HttpResponse.BodyHandlers.ofString());
			if (response.statusCode() != 200) {
				throw new IllegalStateException(request + " failed with status " + response.statusCode());
			}
			return response.body().isEmpty() ? Map.of()
					: JsonMapper.shared().readValue(response.body(), new TypeReference<Map<String, Double>>() {
					});
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Returns the memory that the process occupies.
	 * @return the resident set in KiB
	 */
	public double residentKib() {
		return status("VmRSS:");
	}

	/**
	 * Returns the most memory that the process has occupied.
	 * @return the peak of the resident set in KiB
	 */
	public double peakKib() {
		return status("VmHWM:");
	}

	/**
	 * Returns the processor time that the process has used.
	 * @return the time in seconds
	 */
	public double cpuSeconds() {
		return ProcessHandle.of(pid())
			.flatMap((handle) -> handle.info().totalCpuDuration())
			.map((duration) -> duration.toNanos() / 1e9)
			.orElse(0.0);
	}

	/**
	 * Resets the peak of the resident set.
	 */
	public void resetPeak() {
		try {
			Files.writeString(Path.of("/proc", String.valueOf(pid()), "clear_refs"), "5");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private double status(String field) {
		Path status = Path.of("/proc", String.valueOf(pid()), "status");
		try {
			return Files.readAllLines(status)
				.stream()
				.filter((line) -> line.startsWith(field))
				.map((line) -> line.substring(field.length()).replace("kB", "").strip())
				.mapToDouble(Double::parseDouble)
				.findFirst()
				.orElseThrow();
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Memory is measured with Linux's /proc", ex);
		}
	}

	@Override
	public void close() {
		this.process.close();
	}

}
