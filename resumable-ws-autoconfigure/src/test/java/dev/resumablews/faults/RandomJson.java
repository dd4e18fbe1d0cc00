package dev.resumablews.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Random client messages of the protocol, most of which are invalid.
 */
final class RandomJson {

	private static final String[] NUMBERS = { "0", "-0", "1", "-1", "0.1", "1.0", "1e2", "-1e2", "2147483648",
			"-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9007199254740993",
			"1e999", "-1e999", "1e-999", "1e999999999", "1e-999999999", "1e2147483648", "00", "+1", ".5", "1.", "0x10",
			"NaN", "Infinity", "-Infinity", "1" + "0".repeat(900), "1" + "0".repeat(2000), "0." + "3".repeat(2000) };

	private static final String[] STRINGS = { "", " ", "\\u0000", "a\\u0000b", "\\ud800", "\\udc00", "a\\ud800b",
			"\\udc00\\ud800", "\\ud83d\\ude00", "\u0001", "\t", "\n", "\\", "\\x", "\\u12", "\u2028", "\uFEFF",
			"\uFFFF", "\uD83D\uDE00", "null", "true", "0", "ndjson", "../..", "' or 1=1 --", "<script>", "%s%n%d",
			"${jndi:x}", "user_message", "assistant_message", "session_init", "__proto__", "1-1-1-1-1",
			"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "4a4b.1", "*", "a*1.b*2" };

	private static final String[] FIELDS = { "type", "t", "lastEventId", "epoch", "content", "idempotency_key",
			"message_id", "token", "payload", "event_id", "created_at", "replay", "code", "", "Type", "$type",
			"@class" };

	private static final int SIZE_LIMIT = 128 * 1024;

	private final Random random;

	private final String session;

	/**
	 * Creates a generator of messages.
	 * @param random the source of randomness
	 * @param session the id of another user's session
	 */
	RandomJson(Random random, String session) {
		this.random = random;
		this.session = session;
	}

	static String oneOf(Random random, String... values) {
		return values[random.nextInt(values.length)];
	}

	/**
	 * Returns a message of the protocol, possibly with changes. It does not exceed the
	 * maximum size of a message.
	 */
	String message() {
		List<Map.Entry<String, String>> fields = new ArrayList<>(valid());
		for (int i = this.random.nextInt(4); i > 0; i--) {
			change(fields);
		}
		String text = fields.stream()
			.map((field) -> "\"" + field.getKey() + "\":" + field.getValue())
			.collect(Collectors.joining(",", "{", "}"));
		return (this.random.nextInt(12) == 0) ? broken(text) : text;
	}

	private List<Map.Entry<String, String>> valid() {
		Map.Entry<String, String> key = Map.entry("idempotency_key", quoted(uuid()));
		return switch (this.random.nextInt(8)) {
			case 0 -> List.of(type("ping"), Map.entry("t", "1"));
			case 1 -> List.of(type("resume"), Map.entry("lastEventId", "0"), Map.entry("epoch", quoted("4a4b.1")));
			case 2, 3 -> List.of(type("user_message"), Map.entry("content", quoted("hello")), key);
			case 4 -> List.of(type("cancel"), Map.entry("message_id", quoted(uuid())));
			case 5 -> List.of(type("auth"),
					Map.entry("token", quoted(RandomToken.of(this.random, "somebody").text().replace("\\", ""))));
			case 6 -> List.of(type("relay"), Map.entry("payload", "{\"x\":" + value() + "}"), key);
			default -> List.of(type("relay"), Map.entry("payload", value()));
		};
	}

	private void change(List<Map.Entry<String, String>> fields) {
		int index = fields.isEmpty() ? 0 : this.random.nextInt(fields.size());
		switch (fields.isEmpty() ? 3 : this.random.nextInt(6)) {
			case 0 -> fields.remove(index);
			case 1, 2 -> fields.set(index, Map.entry(fields.get(index).getKey(), value()));
			case 3 -> fields.add(Map.entry(oneOf(this.random, FIELDS), value()));
			case 4 -> fields.add(Map.entry(fields.get(index).getKey(), value()));
			default ->
				fields.set(index, Map.entry(fields.get(index).getKey().toUpperCase(), fields.get(index).getValue()));
		}
	}

	/**
	 * Returns an unusual value, which is usually valid JSON.
	 */
	String value() {
		return switch (this.random.nextInt(20)) {
			case 0, 1, 2, 3, 4 -> oneOf(this.random, NUMBERS);
			case 5, 6, 7, 8, 9, 10 -> quoted(oneOf(this.random, STRINGS));
			case 11 -> oneOf(this.random, "true", "false", "null", "undefined", "'x'", "/**/1", "[,]", "{,}");
			case 12 -> oneOf(this.random, "[]", "{}", "[[]]", "{\"\":{}}", "[null,null]", "{\"a\":1,\"a\":2}");
			case 13 -> quoted(this.session);
			case 14 -> quoted(uuid());
			case 15 -> nested(1 + this.random.nextInt(30));
			case 16 -> (this.random.nextInt(4) == 0) ? nested(400 + this.random.nextInt(300)) : nested(100);
			case 17 -> (this.random.nextInt(20) == 0) ? nested(10_000 + this.random.nextInt(40_000)) : "[]";
			case 18 -> quoted(oneOf(this.random, "x", "\u00e9", "\u20ac", "\\ud800").repeat(this.random.nextInt(300)));
			default -> (this.random.nextInt(10) == 0) ? quoted("x".repeat(this.random.nextInt(SIZE_LIMIT - 2000)))
					: quoted("x".repeat(1000));
		};
	}

	private String nested(int depth) {
		return this.random.nextBoolean() ? "[".repeat(depth) + "]".repeat(depth)
				: "{\"a\":".repeat(depth) + "0" + "}".repeat(depth);
	}

	private String broken(String text) {
		int at = this.random.nextInt(text.length());
		return switch (this.random.nextInt(6)) {
			case 0 -> text.substring(0, at);
			case 1 -> text + text;
			case 2 -> "\uFEFF" + text;
			case 3 -> text.substring(0, at) + (char) this.random.nextInt(0xd800) + text.substring(at);
			case 4 -> oneOf(this.random, "", " ", "[]", "null", "0", "\"x\"", "{}", "]", "}", "[" + text + "]");
			default -> " \t\r\n" + text + "\n \n";
		};
	}

	private Map.Entry<String, String> type(String type) {
		return Map.entry("type", quoted(type));
	}

	private String uuid() {
		return new UUID(this.random.nextLong(), this.random.nextLong()).toString();
	}

	private static String quoted(String text) {
		return "\"" + text + "\"";
	}

}
