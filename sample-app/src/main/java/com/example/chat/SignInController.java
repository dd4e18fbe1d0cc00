package com.example.chat;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Signs in every browser without a login. A browser without a user becomes a new user or,
 * after confirmation in the page, the user of another device that provided a code. An
 * application with real users issues tokens after its own login instead.
 */
@RestController
class SignInController {

	private final UserCookie cookies;

	private final DeviceCodes codes;

	private final AccessTokens tokens;

	private final TokenLifetimes lifetimes;

	private final DeviceLinks links;

	SignInController(UserCookie cookies, DeviceCodes codes, AccessTokens tokens, TokenLifetimes lifetimes,
			DeviceLinks links) {
		this.cookies = cookies;
		this.codes = codes;
		this.tokens = tokens;
		this.lifetimes = lifetimes;
		this.links = links;
	}

	/**
	 * Returns a token for the WebSocket endpoint, and the cookie with which the browser
	 * gets the next one.
	 * @param request the request, with the browser's cookie if it has one
	 */
	@PostMapping("/api/sign-in")
	ResponseEntity<Token> signIn(HttpServletRequest request) {
		UUID userId = this.cookies.userOf(request).orElseGet(UUID::randomUUID);
		return ResponseEntity.ok()
			.header(HttpHeaders.SET_COOKIE, this.cookies.cookieFor(userId, request.isSecure()).toString())
			.cacheControl(CacheControl.noStore())
			.body(new Token(this.tokens.issue(userId.toString(), this.lifetimes.next(userId)),
					this.cookies.formerUserOf(request).isPresent()));
	}

	/**
	 * Returns a code that signs in this user on another device, and links that contain
	 * it.
	 */
	@PostMapping("/api/device-codes")
	ResponseEntity<Code> codeForAnotherDevice(HttpServletRequest request) {
		UUID userId = this.cookies.userOf(request)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED, "Sign in first"));
		String code = this.codes.codeFor(userId);
		return ResponseEntity.ok()
			.cacheControl(CacheControl.noStore())
			.body(new Code(code, DeviceCodes.LIFETIME.toMinutes(), this.links.linksFor(code, request)));
	}

	/**
	 * Switches the browser to the user of another device, and keeps its current user. The
	 * page asks for confirmation first.
	 * @param invitation the code of the other device
	 */
	@PostMapping(path = "/api/join", consumes = MediaType.APPLICATION_JSON_VALUE)
	ResponseEntity<Void> join(@RequestBody Invitation invitation, HttpServletRequest request) {
		UUID joined = this.codes.redeem(invitation.code())
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.FORBIDDEN,
					"The code is invalid, expired or already used"));
		boolean secure = request.isSecure();
		// only the first user is kept: that of another device can be joined again
		Optional<UUID> former = this.cookies.formerUserOf(request)
			.or(() -> this.cookies.userOf(request))
			.filter((user) -> !user.equals(joined));
		return changed(this.cookies.cookieFor(joined, secure),
				former.map((user) -> this.cookies.formerCookieFor(user, secure))
					.orElseGet(() -> this.cookies.removed(UserCookie.FORMER_NAME, secure)));
	}

	/**
	 * Switches the browser back to its user before it joined another one.
	 */
	@PostMapping("/api/go-back")
	ResponseEntity<Void> goBack(HttpServletRequest request) {
		UUID former = this.cookies.formerUserOf(request)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.CONFLICT, "There is no former user"));
		return changed(this.cookies.cookieFor(former, request.isSecure()),
				this.cookies.removed(UserCookie.FORMER_NAME, request.isSecure()));
	}

	/**
	 * Removes the browser's users.
	 */
	@PostMapping("/api/sign-out")
	ResponseEntity<Void> signOut(HttpServletRequest request) {
		return changed(this.cookies.removed(UserCookie.NAME, request.isSecure()),
				this.cookies.removed(UserCookie.FORMER_NAME, request.isSecure()));
	}

	private static ResponseEntity<Void> changed(ResponseCookie user, ResponseCookie former) {
		return ResponseEntity.noContent()
			.header(HttpHeaders.SET_COOKIE, user.toString(), former.toString())
			.cacheControl(CacheControl.noStore())
			.build();
	}

	/**
	 * A token.
	 *
	 * @param token the JWT
	 * @param formerUser whether there is a user to go back to
	 */
	record Token(String token, boolean formerUser) {
	}

	record Code(String code, long minutes, List<DeviceLinks.DeviceLink> links) {
	}

	record Invitation(String code) {
	}

}
