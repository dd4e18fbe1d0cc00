package com.example.chat;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.ResponseCookie;
import org.springframework.stereotype.Component;
import org.springframework.web.util.WebUtils;

/**
 * The cookie that makes a browser the same user tomorrow: a user id and a signature of
 * it, {@code <id>.<signature>}. Nobody without the secret can make one, and it is no
 * token that the WebSocket endpoint would accept. Other sites cannot send it along. Safe
 * for use by many threads.
 */
@Component
final class UserCookie {

	static final String NAME = "chat-user";

	private static final Duration LIFETIME = Duration.ofDays(365);

	private final Signature signature;

	UserCookie(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		this.signature = new Signature(secret, "user cookie");
	}

	/**
	 * Makes the cookie of a user.
	 */
	ResponseCookie cookieFor(UUID userId, boolean secure) {
		return ResponseCookie.from(NAME, valueFor(userId))
			.path("/api")
			.maxAge(LIFETIME)
			.httpOnly(true)
			.secure(secure)
			.sameSite("Strict")
			.build();
	}

	/**
	 * Returns the user that a request is from.
	 * @param request the request
	 * @return the user, or empty if it has no cookie that was made here
	 */
	Optional<UUID> userOf(HttpServletRequest request) {
		Cookie cookie = WebUtils.getCookie(request, NAME);
		return Optional.ofNullable(cookie).map(Cookie::getValue).flatMap(this::userOf);
	}

	String valueFor(UUID userId) {
		return userId + "." + this.signature.of(userId.toString());
	}

	/**
	 * Returns the user that a cookie is of.
	 * @param value the cookie's value
	 * @return the user, or empty if the cookie was not made here
	 */
	Optional<UUID> userOf(String value) {
		try {
			int dot = Math.max(0, value.indexOf('.'));
			UUID userId = UUID.fromString(value.substring(0, dot));
			return this.signature.matches(userId.toString(), value.substring(dot + 1)) ? Optional.of(userId)
					: Optional.empty();
		}
		catch (IllegalArgumentException ex) {
			return Optional.empty();
		}
	}

}
