package dev.resumablews.internal.observation;

import java.util.Map;
import java.util.TreeMap;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StoredTraceTests {

	private static final String PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

	@Test
	void headersAreReadAsTheyWereStored() {
		Map<String, String> headers = Map.of("traceparent", PARENT, "tracestate", "a=1,b=x:y");
		assertThat(StoredTrace.decode(StoredTrace.encode(headers))).containsExactlyInAnyOrderEntriesOf(headers);
	}

	@Test
	void withoutHeadersNothingIsStored() {
		assertThat(StoredTrace.encode(Map.of())).isNull();
		assertThat(StoredTrace.encode(null)).isNull();
		assertThat(StoredTrace.decode(null)).isEmpty();
	}

	@Test
	void longAndInvalidHeadersAreOmittedAndTheTraceRemains() {
		Map<String, String> headers = new TreeMap<>();
		headers.put("baggage", "a".repeat(512));
		headers.put("more-baggage", "b".repeat(512));
		headers.put("nul", "a\0b");
		headers.put("lines", "a\nb");
		headers.put("traceparent", PARENT);
		headers.put("tracestate", "c".repeat(513));
		String stored = StoredTrace.encode(headers);
		assertThat(stored).hasSizeLessThanOrEqualTo(1024);
		assertThat(StoredTrace.decode(stored)).containsOnlyKeys("traceparent", "baggage")
			.containsEntry("traceparent", PARENT);
	}

	@Test
	void anInvalidTextIsIgnored() {
		assertThat(StoredTrace.decode("nonsense\n:x\n")).isEmpty();
	}

}
