package dev.resumablews.internal.handshake;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class RemoteAddressTests {

	@ParameterizedTest
	@CsvSource({ "192.0.2.1, 192.0.2.1, 192.0.2.1", "255.255.255.255, 255.255.255.255, 255.255.255.255",
			"2001:db8:1:2:3:4:5:6, 2001:db8:1:2:3:4:5:6, 20010db800010002",
			"2001:DB8:1:2::, 2001:DB8:1:2::, 20010db800010002", "[2001:db8::1], 2001:db8::1, 20010db800000000",
			"::1, ::1, 0000000000000000", "fe80::1%eth0, fe80::1, fe80000000000000",
			"::ffff:192.0.2.1, 192.0.2.1, 192.0.2.1" })
	void aValidAddressIsParsed(String value, String text, String network) {
		assertThat(RemoteAddress.parse(value)).isEqualTo(new RemoteAddress(text, network));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "localhost", "evil.example", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4:80", "::g",
			":", "1:2", "..:", "unknown", "_hidden", "192.0.2.1\r\nX: y", "%", "[", "::1::2" })
	void anInvalidAddressIsUnknown(String value) {
		assertThat(RemoteAddress.parse(value)).isEqualTo(new RemoteAddress(null, "unknown"));
	}

	@Test
	void aMissingAddressIsUnknown() {
		assertThat(RemoteAddress.parse(null).text()).isNull();
	}

}
