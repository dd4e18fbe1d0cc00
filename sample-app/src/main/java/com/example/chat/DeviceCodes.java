package com.example.chat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Codes by which a user signs in on another device:
 * {@code <user id>.<time of expiry>.<signature>}. Good for some minutes, and on any
 * number of devices. Safe for use by many threads.
 */
@Component
final class DeviceCodes {

	static final Duration LIFETIME = Duration.ofMinutes(5);

	private final Signature signature;

	private final Clock clock;

	@Autowired
	DeviceCodes(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		this(secret, Clock.systemUTC());
	}

	DeviceCodes(String secret, Clock clock) {
		this.signature = new Signature(secret, "device code");
		this.clock = clock;
	}

	String codeFor(UUID userId) {
		String signed = userId + "." + this.clock.instant().plus(LIFETIME).getEpochSecond();
		return signed + "." + this.signature.of(signed);
	}

	/**
	 * Returns the user that a code is of.
	 * @param code the code
	 * @return the user, or empty if the code was not made here, or has expired
	 */
	Optional<UUID> userOf(String code) {
		String[] parts = code.split("\\.", 3);
		if (parts.length < 3 || !this.signature.matches(parts[0] + "." + parts[1], parts[2])) {
			return Optional.empty();
		}
		Instant expiry = Instant.ofEpochSecond(Long.parseLong(parts[1]));
		return this.clock.instant().isBefore(expiry) ? Optional.of(UUID.fromString(parts[0])) : Optional.empty();
	}

}
