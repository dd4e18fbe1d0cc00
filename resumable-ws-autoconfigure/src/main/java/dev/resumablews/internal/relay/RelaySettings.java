package dev.resumablews.internal.relay;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.internal.concurrent.BackOff;

import org.springframework.util.PatternMatchUtils;

/**
 * How one upstream is reached, and its bounds.
 *
 * @param name the relay's name
 * @param uri where the upstream is
 * @param headers headers of the handshake
 * @param subprotocols subprotocols that are offered
 * @param durableTypes patterns of the types that are stored
 * @param ephemeralTypes patterns of the types that are not, whatever the others say
 * @param resend whether messages that may have been sent before are sent again
 * @param connectTimeout how long an attempt to connect may take
 * @param backOff delays between attempts
 * @param maxRefusals refused attempts in a row before the relay is closed
 * @param giveUpAfter time without a connection before the relay is closed
 * @param idleTimeout time without a message before the relay is closed
 * @param maxMessageBytes size of the largest message of the upstream
 * @param maxWaitingBytes size of the messages that may wait; 0 for no limit
 * @param maxEventBytes size of the largest event
 * @param lease how long a claim lasts without being renewed
 * @param maxPerUser relays of a user, on all nodes; 0 for no limit
 * @param maxPerNode relays on this node
 * @param customizer prepares and translates
 */
record RelaySettings(String name, URI uri, Map<String, String> headers, List<String> subprotocols,
		List<String> durableTypes, List<String> ephemeralTypes, boolean resend, Duration connectTimeout,
		BackOff backOff, int maxRefusals, Duration giveUpAfter, Duration idleTimeout, int maxMessageBytes,
		long maxWaitingBytes, long maxEventBytes, Duration lease, int maxPerUser, int maxPerNode,
		RelayCustomizer customizer) {

	/**
	 * Returns whether events of the upstream's type are stored.
	 */
	boolean isDurable(String type) {
		return matches(this.durableTypes, type) && !matches(this.ephemeralTypes, type);
	}

	private static boolean matches(List<String> patterns, String type) {
		return patterns.stream().anyMatch((pattern) -> PatternMatchUtils.simpleMatch(pattern, type));
	}

	/**
	 * Returns the name, since headers are secret.
	 */
	@Override
	public String toString() {
		return "RelaySettings[name=%s]".formatted(this.name);
	}

}
