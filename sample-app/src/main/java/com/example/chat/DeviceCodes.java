package com.example.chat;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Random single-use codes for signing in on another device. They are kept in memory, so a
 * restart invalidates them, and only the node that created a code redeems it. A user has
 * one code at a time. Safe for use by many threads.
 */
@Component
class DeviceCodes {

	static final Duration LIFETIME = Duration.ofMinutes(5);

	private static final int CAPACITY = 1000;

	private static final int BYTES = 16;

	private final SecureRandom random = new SecureRandom();

	private final Map<String, Owner> owners = new LinkedHashMap<>() {

		@Override
		protected boolean removeEldestEntry(Map.Entry<String, Owner> eldest) {
			return size() > CAPACITY;
		}

	};

	private final Clock clock;

	@Autowired
	DeviceCodes() {
		this(Clock.systemUTC());
	}

	DeviceCodes(Clock clock) {
		this.clock = clock;
	}

	/**
	 * Creates a code, which replaces the user's previous one.
	 */
	synchronized String codeFor(UUID userId) {
		this.owners.values().removeIf((owner) -> owner.userId().equals(userId));
		byte[] bytes = new byte[BYTES];
		this.random.nextBytes(bytes);
		String code = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
		this.owners.put(code, new Owner(userId, this.clock.instant().plus(LIFETIME)));
		return code;
	}

	/**
	 * Redeems a code.
	 * @param code the code
	 * @return its user, or empty if the code is unknown, redeemed or expired
	 */
	synchronized Optional<UUID> redeem(String code) {
		return Optional.ofNullable(this.owners.remove(code))
			.filter((owner) -> this.clock.instant().isBefore(owner.expiry()))
			.map(Owner::userId);
	}

	private record Owner(UUID userId, Instant expiry) {
	}

}
