package dev.resumablews.internal.relay;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.internal.concurrent.BackOff;

import org.springframework.util.PatternMatchUtils;

/**
 * Settings and limits of one upstream.
 *
 * @param name the relay's name
 * @param uri the upstream's URI
 * @param headers headers of the handshake
 * @param subprotocols subprotocols to offer
 * @param durableTypes patterns of the types that are stored
 * @param ephemeralTypes patterns of the types that are not stored; they take precedence
 * @param resend whether messages that may have been sent before are sent again
 * @param connectTimeout timeout of an attempt to connect
 * @param backOff delays between attempts
 * @param maxRefusals number of consecutive refusals after which the relay is closed
 * @param giveUpAfter time without a connection after which the relay is closed
 * @param idleTimeout time without a message after which the relay is closed
 * @param maxMessageBytes maximum size of an upstream message
 * @param maxWaitingBytes maximum size of the waiting messages; 0 for unlimited
 * @param maxEventBytes maximum size of an event
 * @param lease duration of a claim that is not renewed
 * @param maxPerUser maximum number of relays per user on all nodes; 0 for unlimited
 * @param maxPerNode maximum number of relays on this node
 * @param customizer prepares handshakes and translates messages
 */
record RelaySettings(String name, URI uri, Map<String, String> headers, List<String> subprotocols,
		List<String> durableTypes, List<String> ephemeralTypes, boolean resend, Duration connectTimeout,
		BackOff backOff, int maxRefusals, Duration giveUpAfter, Duration idleTimeout, int maxMessageBytes,
		long maxWaitingBytes, long maxEventBytes, Duration lease, int maxPerUser, int maxPerNode,
		RelayCustomizer customizer) {

	/**
	 * Returns whether upstream events of a type are stored.
	 */
	boolean isDurable(String type) {
		return matches(this.durableTypes, type) && !matches(this.ephemeralTypes, type);
	}

	private static boolean matches(List<String> patterns, String type) {
		return patterns.stream().anyMatch((pattern) -> PatternMatchUtils.simpleMatch(pattern, type));
	}

	/**
	 * Returns only the name, because headers are secret.
	 */
	@Override
	public String toString() {
		return "RelaySettings[name=%s]".formatted(this.name);
	}

}
