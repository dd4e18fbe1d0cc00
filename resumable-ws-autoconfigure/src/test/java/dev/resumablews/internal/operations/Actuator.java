package dev.resumablews.internal.operations;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

import dev.resumablews.testing.TestServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client of the actuator of a server over HTTP.
 *
 * @param server the server
 */
record Actuator(TestServer server) {

	private static final HttpClient http = HttpClient.newHttpClient();

	static final String[] EXPOSED = { "management.endpoints.web.exposure.include", "*",
			"management.endpoint.health.show-details", "always" };

	/**
	 * Returns the output of the health indicator of the library.
	 */
	JsonNode health() {
		return json("health").path("components").path("resumableWs");
	}

	JsonNode json(String path) {
		return JsonMapper.shared().readTree(get(path).body());
	}

	HttpResponse<String> get(String path) {
		try {
			return http.send(HttpRequest
				.newBuilder(URI.create("http://localhost:%d/actuator/%s".formatted(this.server.port(), path)))
				.timeout(Duration.ofSeconds(30))
				.build(), HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

}
