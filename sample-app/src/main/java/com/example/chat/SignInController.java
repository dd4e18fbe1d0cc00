package com.example.chat;

import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Signs everybody in, without asking who they are: a browser without a user becomes a new
 * one, or that of another device which gave it a code. An application with real users
 * issues its tokens after its own login instead.
 */
@RestController
class SignInController {

	private final UserCookie cookies;

	private final DeviceCodes codes;

	private final AccessTokens tokens;

	private final TokenLifetimes lifetimes;

	SignInController(UserCookie cookies, DeviceCodes codes, AccessTokens tokens, TokenLifetimes lifetimes) {
		this.cookies = cookies;
		this.codes = codes;
		this.tokens = tokens;
		this.lifetimes = lifetimes;
	}

	/**
	 * Gives a token for the WebSocket endpoint, and the cookie by which the browser gets
	 * the next one.
	 * @param code code of another device, whose user the browser becomes
	 * @param request the request, with the browser's cookie if it has one
	 */
	@PostMapping("/api/sign-in")
	ResponseEntity<Token> signIn(@RequestParam(required = false) @Nullable String code, HttpServletRequest request) {
		UUID userId = (code != null) ? userOf(code) : this.cookies.userOf(request).orElseGet(UUID::randomUUID);
		return ResponseEntity.ok()
			.header(HttpHeaders.SET_COOKIE, this.cookies.cookieFor(userId, request.isSecure()).toString())
			.cacheControl(CacheControl.noStore())
			.body(new Token(this.tokens.issue(userId.toString(), this.lifetimes.next(userId))));
	}

	/**
	 * Gives a code by which another device becomes this user.
	 */
	@PostMapping("/api/device-codes")
	ResponseEntity<Code> codeForAnotherDevice(HttpServletRequest request) {
		UUID userId = this.cookies.userOf(request)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED, "Sign in first"));
		return ResponseEntity.ok()
			.cacheControl(CacheControl.noStore())
			.body(new Code(this.codes.codeFor(userId), DeviceCodes.LIFETIME.toMinutes()));
	}

	private UUID userOf(String code) {
		return this.codes.userOf(code)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.FORBIDDEN, "The code has expired, or is wrong"));
	}

	record Token(String token) {
	}

	record Code(String code, long minutes) {
	}

}
