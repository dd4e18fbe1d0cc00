package dev.resumablews.internal.concurrent;

import java.io.IOException;
import java.time.Instant;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class OutageLogTests {

	private final OutageLog log = new OutageLog("Testing");

	@Test
	void anOutageLastsFromTheFirstFailureToTheNextSuccess() {
		assertThat(this.log.outage()).isNull();
		this.log.failed(new IOException("first"));
		Instant since = this.log.outage().since();
		this.log.failed(new IOException("second"));
		assertThat(this.log.outage()).isEqualTo(new Outage("Testing", since, "second"));
		this.log.worked();
		assertThat(this.log.outage()).isNull();
	}

	@Test
	void theReasonIsOneLineWithTheFirstCause() {
		this.log.failed(new IOException("No connection\nDetail: a payload",
				new IllegalStateException(new IOException("Connection refused"))));
		assertThat(this.log.outage().reason()).isEqualTo("No connection (Connection refused)");
		assertThat(this.log.outage().text()).startsWith("Testing has failed since 20")
			.endsWith(": No connection (Connection refused)");
	}

	@Test
	void aFailureWithoutAMessageIsNamed() {
		this.log.failed(new IllegalStateException());
		assertThat(this.log.outage().reason()).isEqualTo("IllegalStateException");
	}

}
