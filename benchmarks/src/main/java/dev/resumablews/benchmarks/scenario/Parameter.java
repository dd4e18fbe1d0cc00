package dev.resumablews.benchmarks.scenario;

/**
 * A number of a scenario that the command line may set.
 */
public enum Parameter {

	/**
	 * Seed of all random times.
	 */
	SEED("seed", "1", "1", "seed of the random times of jitter and avalanche; each round adds one"),

	/**
	 * Clients whose connections are cut.
	 */
	JITTER_CLIENTS("jitter.clients", "200", "20", "clients whose connections are cut"),

	/**
	 * Messages to each of them.
	 */
	JITTER_MESSAGES("jitter.messages", "120", "20", "messages to each of them"),

	/**
	 * Time between two messages.
	 */
	JITTER_PERIOD("jitter.period-millis", "500", "250", "time between two messages to a client"),

	/**
	 * Time between two cuts.
	 */
	JITTER_CUT_EVERY("jitter.cut-every-millis", "15000", "3000", "average time between two cuts of a client"),

	/**
	 * Time without a connection.
	 */
	JITTER_CUT_FOR("jitter.cut-for-millis", "2000", "500", "time until it connects again"),

	/**
	 * Clients whose server is killed.
	 */
	AVALANCHE_CLIENTS("avalanche.clients", "500,2000", "50",
			"clients whose server is killed; a scenario for each number"),

	/**
	 * Messages to each of them.
	 */
	AVALANCHE_MESSAGES("avalanche.messages", "20", "10", "messages to each of them"),

	/**
	 * Time between two messages.
	 */
	AVALANCHE_PERIOD("avalanche.period-millis", "1000", "500", "time between two messages to a client"),

	/**
	 * Time until the server is killed.
	 */
	AVALANCHE_KILL_AFTER("avalanche.kill-after-millis", "5000", "2000", "time from the first message until then");

	private final String text;

	private final String full;

	private final String quick;

	private final String description;

	Parameter(String text, String full, String quick, String description) {
		this.text = text;
		this.full = full;
		this.quick = quick;
		this.description = description;
	}

	/**
	 * Returns its name on the command line.
	 * @return the name, such as {@code jitter.clients}
	 */
	public String text() {
		return this.text;
	}

	/**
	 * Returns its default.
	 * @param quick whether for a quick run
	 * @return numbers, separated by commas
	 */
	public String fallback(boolean quick) {
		return quick ? this.quick : this.full;
	}

	/**
	 * Describes it.
	 * @return a few words
	 */
	public String description() {
		return this.description;
	}

}
