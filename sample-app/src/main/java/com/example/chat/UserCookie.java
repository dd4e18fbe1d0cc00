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
 * The cookie that makes a browser the same user tomorrow: a user id, a time of expiry and
 * a signature, {@code <id>.<seconds>.<signature>}. It cannot be made without the secret,
 * and the WebSocket endpoint does not accept it as a token. A second cookie of the same
 * kind keeps the user that the browser was before it joined another one. Safe for use by
 * many threads.
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
	 * Makes the cookie of a user.
	 */
	ResponseCookie cookieFor(UUID userId, boolean secure) {
		return cookie(NAME, valueFor(userId), LIFETIME, secure);
	}

	/**
	 * Makes the cookie that keeps the user a browser was before.
	 */
	ResponseCookie formerCookieFor(UUID userId, boolean secure) {
		return cookie(FORMER_NAME, valueFor(userId), LIFETIME, secure);
	}

	/**
	 * Makes the cookie that removes the browser's.
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
	 * Returns the user that a request is from.
	 * @param request the request
	 * @return the user, or empty if it has no cookie that was made here and is still good
	 */
	Optional<UUID> userOf(HttpServletRequest request) {
		return userOf(request, NAME);
	}

	/**
	 * Returns the user that a request's browser was before.
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
	 * Returns the user that a cookie is of.
	 * @param value the cookie's value
	 * @return the user, or empty if the cookie was not made here, or has expired
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
