package dev.resumablews.benchmarks.scenario;

/**
 * Numeric parameter of a scenario, which the command line can set.
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
	 * Messages to each client.
	 */
	JITTER_MESSAGES("jitter.messages", "120", "20", "messages to each client"),

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
	JITTER_CUT_FOR("jitter.cut-for-millis", "2000", "500", "time until the client reconnects"),

	/**
	 * Clients whose server is killed.
	 */
	AVALANCHE_CLIENTS("avalanche.clients", "500,2000", "50",
			"clients whose server is killed; a scenario for each number"),

	/**
	 * Messages to each client.
	 */
	AVALANCHE_MESSAGES("avalanche.messages", "20", "10", "messages to each client"),

	/**
	 * Time between two messages.
	 */
	AVALANCHE_PERIOD("avalanche.period-millis", "1000", "500", "time between two messages to a client"),

	/**
	 * Time until the server is killed.
	 */
	AVALANCHE_KILL_AFTER("avalanche.kill-after-millis", "5000", "2000",
			"time from the first message until the server is killed");

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
	 * Returns the name on the command line.
	 * @return the name, such as {@code jitter.clients}
	 */
	public String text() {
		return this.text;
	}

	/**
	 * Returns the default.
	 * @param quick whether for a quick run
	 * @return numbers, separated by commas
	 */
	public String fallback(boolean quick) {
		return quick ? this.quick : this.full;
	}

	/**
	 * Returns a description.
	 * @return the description
	 */
	public String description() {
		return this.description;
	}

}
