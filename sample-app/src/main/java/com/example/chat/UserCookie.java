package com.example.chat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.ResponseCookie;
import org.springframework.stereotype.Component;
import org.springframework.web.util.WebUtils;

/**
 * The cookie that identifies a browser's user: a user id, an expiry time and a signature,
 * {@code <id>.<seconds>.<signature>}. It cannot be forged without the secret, and the
 * WebSocket endpoint does not accept it as a token. A second cookie of the same kind
 * keeps the browser's user from before it joined another one. Safe for use by many
 * threads.
 */
@Component
class UserCookie {

	static final String NAME = "chat-user";

	static final String FORMER_NAME = "chat-former-user";

	static final Duration LIFETIME = Duration.ofDays(365);

	private final Signature signature;

	private final Clock clock;

	@Autowired
	UserCookie(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		this(secret, Clock.systemUTC());
	}

	UserCookie(String secret, Clock clock) {
		this.signature = new Signature(secret, "user cookie");
		this.clock = clock;
	}

	/**
	 * Creates the cookie of a user.
	 */
	ResponseCookie cookieFor(UUID userId, boolean secure) {
		return cookie(NAME, valueFor(userId), LIFETIME, secure);
	}

	/**
	 * Creates the cookie that keeps a browser's former user.
	 */
	ResponseCookie formerCookieFor(UUID userId, boolean secure) {
		return cookie(FORMER_NAME, valueFor(userId), LIFETIME, secure);
	}

	/**
	 * Creates the cookie that removes the browser's cookie.
	 * @param name the name of the cookie to remove
	 */
	ResponseCookie removed(String name, boolean secure) {
		return cookie(name, "", Duration.ZERO, secure);
	}

	private static ResponseCookie cookie(String name, String value, Duration lifetime, boolean secure) {
		return ResponseCookie.from(name, value)
			.path("/api")
			.maxAge(lifetime)
			.httpOnly(true)
			.secure(secure)
			.sameSite("Strict")
			.build();
	}

	/**
	 * Returns the user of a request.
	 * @param request the request
	 * @return the user, or empty if it has no valid cookie
	 */
	Optional<UUID> userOf(HttpServletRequest request) {
		return userOf(request, NAME);
	}

	/**
	 * Returns the former user of a request's browser.
	 */
	Optional<UUID> formerUserOf(HttpServletRequest request) {
		return userOf(request, FORMER_NAME);
	}

	private Optional<UUID> userOf(HttpServletRequest request, String name) {
		Cookie cookie = WebUtils.getCookie(request, name);
		return Optional.ofNullable(cookie).map(Cookie::getValue).flatMap(this::userOf);
	}

	String valueFor(UUID userId) {
		String signed = userId + "." + this.clock.instant().plus(LIFETIME).getEpochSecond();
		return signed + "." + this.signature.of(signed);
	}

	/**
	 * Returns the user of a cookie.
	 * @param value the cookie's value
	 * @return the user, or empty if the cookie is forged or expired
	 */
	Optional<UUID> userOf(String value) {
		String[] parts = value.split("\\.", 3);
		if (parts.length < 3 || !this.signature.matches(parts[0] + "." + parts[1], parts[2])) {
			return Optional.empty();
		}
		Instant expiry = Instant.ofEpochSecond(Long.parseLong(parts[1]));
		return this.clock.instant().isBefore(expiry) ? Optional.of(UUID.fromString(parts[0])) : Optional.empty();
	}

}
