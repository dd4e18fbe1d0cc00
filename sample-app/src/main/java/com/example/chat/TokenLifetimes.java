package com.example.chat;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.util.Assert;

/**
 * Determines the lifetime of a user's next token. Safe for use by many threads.
 */
@Component
final class TokenLifetimes {

	/**
	 * Long enough to connect, but expires soon afterwards.
	 */
	static final Duration SHORT = Duration.ofSeconds(3);

	/**
	 * Maximum number of users whose next token is short-lived. Only the newest are kept,
	 * because a user may never request it.
	 */
	static final int CAPACITY = 1000;

	private final Duration usual;

	private final Set<UUID> shortNext = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {

		@Override
		protected boolean removeEldestEntry(Map.Entry<UUID, Boolean> eldest) {
			return size() > CAPACITY;
		}

	}));

	TokenLifetimes(@Value("${chat.token-lifetime}") Duration usual) {
		Assert.isTrue(usual.toSeconds() >= 1, () -> "chat.token-lifetime must be a second or more, but is " + usual);
		this.usual = usual;
	}

	/**
	 * Makes only the user's next token short-lived.
	 */
	void shortenNext(UUID userId) {
		this.shortNext.add(userId);
	}

	Duration next(UUID userId) {
		return this.shortNext.remove(userId) ? SHORT : this.usual;
	}

}
