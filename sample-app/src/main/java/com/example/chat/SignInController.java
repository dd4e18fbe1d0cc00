package com.example.chat;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Signs everybody in, without asking who they are: a browser without a user becomes a new
 * one. An application with real users issues its tokens after its own login instead.
 */
@RestController
class SignInController {

	static final String COOKIE = "chat-user";

	private static final Duration TOKEN_LIFETIME = Duration.ofMinutes(10);

	private static final Duration COOKIE_LIFETIME = Duration.ofDays(365);

	private final AccessTokens tokens;

	private final UserCookie cookies;

	SignInController(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		this.tokens = new AccessTokens(secret, TOKEN_LIFETIME);
		this.cookies = new UserCookie(secret);
	}

	@PostMapping("/api/sign-in")
	ResponseEntity<AccessTokens.AccessToken> signIn(
			@CookieValue(name = COOKIE, required = false) @Nullable String cookie, HttpServletRequest request) {
		UUID userId = Optional.ofNullable(cookie).flatMap(this.cookies::userOf).orElseGet(UUID::randomUUID);
		return ResponseEntity.ok()
			.header(HttpHeaders.SET_COOKIE, cookieFor(userId, request.isSecure()).toString())
			.cacheControl(CacheControl.noStore())
			.body(this.tokens.issue(userId.toString()));
	}

	private ResponseCookie cookieFor(UUID userId, boolean secure) {
		return ResponseCookie.from(COOKIE, this.cookies.valueFor(userId))
			.path("/api/sign-in")
			.maxAge(COOKIE_LIFETIME)
			.httpOnly(true)
			.secure(secure)
			.sameSite("Strict")
			.build();
	}

}
