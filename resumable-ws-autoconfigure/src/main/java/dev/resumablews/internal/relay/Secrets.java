package dev.resumablews.internal.relay;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

import dev.resumablews.RelayHandshake;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * The secrets of a handshake: credentials in its headers, and all values of its query.
 * They are redacted from the upstream's messages, because an upstream may echo a key that
 * it rejects. Immutable.
 */
final class Secrets {

	private static final String REDACTED = "[redacted]";

	/**
	 * Minimum length of a secret. Shorter values would also match ordinary text.
	 */
	private static final int MIN_LENGTH = 8;

	private static final Pattern NAMES = Pattern.compile(".*(auth|key|token|secret|password|cookie).*");

	private static final Pattern SEPARATORS = Pattern.compile("[\\s,;=&]+");

	private final List<String> values;

	private Secrets(Set<String> values) {
		this.values = List.copyOf(values);
	}

	/**
	 * Collects the secrets of a handshake.
	 */
	static Secrets of(RelayHandshake handshake) {
		Set<String> values = new LinkedHashSet<>();
		handshake.headers().forEach((name, all) -> {
			if (NAMES.matcher(name.toLowerCase(Locale.ROOT)).matches()) {
				all.forEach((value) -> add(values, value));
			}
		});
		String query = handshake.uri().getRawQuery();
		if (query != null) {
			add(values, query);
		}
		return new Secrets(values);
	}

	/**
	 * Adds a value and its parts, such as the token after {@code Bearer}, in plain and in
	 * JSON-escaped form.
	 */
	private static void add(Set<String> values, String value) {
		for (String part : SEPARATORS.split(value)) {
			if (part.length() >= MIN_LENGTH) {
				values.add(part);
				values.add(new String(JsonStringEncoder.getInstance().quoteAsCharArray(part)));
			}
		}
	}

	/**
	 * Returns a text with the secrets redacted.
	 */
	String redact(String text) {
		String redacted = text;
		for (String value : this.values) {
			if (redacted.contains(value)) {
				redacted = redacted.replace(value, REDACTED);
			}
		}
		return redacted;
	}

}
