package dev.resumablews.internal.relay;

import java.util.concurrent.CompletionException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class UpstreamRejectionTests {

	/**
	 * The messages of the WebSocket clients of Tomcat and Jetty.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "The HTTP response from the server [401] did not permit the HTTP upgrade to WebSocket",
			"Failed to handle HTTP response code [401]. [WWW-Authenticate] header was not accepted by server.",
			"Failed to upgrade to websocket: Unexpected HTTP Response Status Code: 401 Unauthorized" })
	void theStatusIsFoundInTheMessage(String message) {
		Exception failure = new CompletionException(new IllegalStateException(new IllegalStateException(message)));
		assertThat(UpstreamRejection.status(failure)).isEqualTo(401);
	}

	@Test
	void otherFailuresHaveNoStatus() {
		assertThat(UpstreamRejection.status(new IllegalStateException("Connection refused: localhost:4010"))).isZero();
		assertThat(UpstreamRejection.status(new IllegalStateException())).isZero();
	}

	@Test
	void aRejectedKeyIsPermanent() {
		assertThat(UpstreamRejection.isPermanent(401)).isTrue();
		assertThat(UpstreamRejection.isPermanent(403)).isTrue();
		assertThat(UpstreamRejection.isPermanent(503)).isFalse();
		assertThat(UpstreamRejection.isPermanent(0)).isFalse();
	}

}
