package com.example.chat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.TokenPlacement;
import dev.resumablews.testing.LoggedTokens;
import org.awaitility.Awaitility;
import tools.jackson.databind.json.JsonMapper;

/**
 * The packaged sample as a separate process, on a free port unless an argument sets one.
 */
final class SampleProcess implements AutoCloseable {

	private static final Pattern PORT = Pattern.compile("Tomcat started on port (\\d+)");

	private final Process process;

	private final Path log;

	private volatile int port;

	private SampleProcess(Process process, Path log) {
		this.process = process;
		this.log = log;
	}

	/**
	 * Starts the sample, and waits until it is available.
	 * @param folder the folder of its data
	 * @param arguments further command line arguments
	 */
	static SampleProcess start(Path folder, String... arguments) {
		return launch(folder, arguments).awaitStart();
	}

	/**
	 * Waits until the sample is available.
	 */
	SampleProcess awaitStart() {
		this.port = Awaitility.await("start of the sample")
			.atMost(Duration.ofMinutes(3))
			.pollInterval(Duration.ofMillis(100))
			.until(this::findPort, (found) -> found > 0);
		return this;
	}

	/**
	 * Starts the sample without waiting for it.
	 * @param folder the folder of its data
	 * @param arguments further command line arguments
	 */
	static SampleProcess launch(Path folder, String... arguments) {
		List<String> command = new ArrayList<>();
		command.add(ProcessHandle.current().info().command().orElseThrow());
		// the process is too short-lived for the optimizing compiler
		command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
		command
			.addAll(List.of("-jar", System.getProperty("sample-app.jar"), "--chat.data-dir=" + folder.resolve("data")));
		if (Stream.of(arguments).noneMatch((argument) -> argument.startsWith("--server.port="))) {
			command.add("--server.port=0");
		}
		command.addAll(List.of(arguments));
		try {
			Path log = Files.createTempFile(folder, "sample", ".log");
			ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile())
				.redirectErrorStream(true)
				.redirectOutput(log.toFile());
			// the sample must not inherit API keys from the environment
			builder.environment().keySet().removeIf((name) -> name.startsWith("OPENAI_"));
			return new SampleProcess(builder.start(), log);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private int findPort() throws IOException {
		String text = Files.readString(this.log);
		if (!this.process.isAlive()) {
			throw new AssertionError("The sample did not start:\n" + text);
		}
		Matcher matcher = PORT.matcher(text);
		return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
	}

	HttpResponse<String> get(String path) throws IOException, InterruptedException {
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri(path)).build(), HttpResponse.BodyHandlers.ofString());
	}

	/**
	 * Signs in as a browser does.
	 * @param browser the browser, with its cookies
	 * @return a token
	 */
	String signIn(HttpClient browser) throws IOException, InterruptedException {
		HttpRequest request = HttpRequest.newBuilder(uri("/api/sign-in"))
			.header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.noBody())
			.build();
		String body = browser.send(request, HttpResponse.BodyHandlers.ofString()).body();
		return JsonMapper.shared().readTree(body).path("token").stringValue();
	}

	/**
	 * Returns a builder of a connection that passes the token as the page does.
	 */
	ResumableWsTestClientBuilder webSocket(String token) {
		return ResumableWsTestClient.builder(this.port)
			.query("frames", "ndjson")
			.header("Origin", "http://localhost:" + this.port)
			.token(token)
			.tokenPlacement(TokenPlacement.SUBPROTOCOL);
	}

	URI webSocketUri() {
		return URI.create("ws://localhost:" + this.port + "/ws");
	}

	private URI uri(String path) {
		return URI.create("http://localhost:" + this.port + path);
	}

	int port() {
		return this.port;
	}

	boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * Suspends the process, as happens on a machine that swaps or is migrated.
	 */
	void pause() throws IOException, InterruptedException {
		signal("STOP");
	}

	/**
	 * Resumes the process.
	 */
	void resume() throws IOException, InterruptedException {
		signal("CONT");
	}

	private void signal(String name) throws IOException, InterruptedException {
		int status = new ProcessBuilder("kill", "-" + name, String.valueOf(this.process.pid())).inheritIO()
			.start()
			.waitFor();
		if (status != 0) {
			throw new IOException("kill -" + name + " ended with " + status);
		}
	}

	void kill() throws InterruptedException {
		this.process.destroyForcibly().waitFor();
	}

	/**
	 * Requests a graceful shutdown.
	 */
	void terminate() {
		this.process.destroy();
	}

	boolean awaitExit(Duration atMost) throws InterruptedException {
		return this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
	}

	String log() throws IOException {
		return Files.readString(this.log);
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!awaitExit(Duration.ofMinutes(1))) {
				kill();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		try {
			LoggedTokens.assertNoneIn(log());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
