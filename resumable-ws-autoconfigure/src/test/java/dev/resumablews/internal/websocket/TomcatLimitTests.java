package dev.resumablews.internal.websocket;

import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the connection limit of Tomcat.
 */
@ExtendWith(OutputCaptureExtension.class)
class TomcatLimitTests {

	private static final String WARNING = "is not above resumable-ws.connection.max-total";

	@Test
	void aLowerLimitOfTomcatLogsAWarning(CapturedOutput output) {
		TestServer.start("resumable-ws.connection.max-total", "8192").close();
		assertThat(output)
			.contains("server.tomcat.max-connections (8192) is not above resumable-ws.connection.max-total (8192)");
	}

	@ParameterizedTest
	@ValueSource(strings = { "server.tomcat.max-connections=8192", "server.tomcat.max-connections=-1" })
	void defaultsAndAnUnlimitedTomcatLogNoWarning(String property, CapturedOutput output) {
		TestServer.start(property.split("=")).close();
		assertThat(output).doesNotContain(WARNING);
	}

	@Test
	void jettyLogsNoWarning(CapturedOutput output) {
		TestServer.builder().jetty(true).properties("resumable-ws.connection.max-total", "20000").start().close();
		assertThat(output).doesNotContain(WARNING);
	}

}
