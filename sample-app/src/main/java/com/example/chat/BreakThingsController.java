package com.example.chat;

import java.io.IOException;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/**
 * Endpoints with which the page breaks its own connections and the server. Allowed only
 * for a signed-in browser on the same machine. {@link SameOriginFilter} and
 * {@link AllowedHostsFilter} reject foreign pages.
 */
@RestController
class BreakThingsController {

	private final @Nullable BreakThings things;

	private final UserCookie cookies;

	private final ThisMachine thisMachine;

	BreakThingsController(ObjectProvider<BreakThings> things, UserCookie cookies, ThisMachine thisMachine) {
		this.things = things.getIfAvailable();
		this.cookies = cookies;
		this.thisMachine = thisMachine;
	}

	/**
	 * Returns whether the client may break things.
	 */
	@GetMapping("/api/break-things")
	ResponseEntity<Permission> permission(HttpServletRequest request) {
		BreakThings things = this.things;
		boolean allowed = things != null && this.thisMachine.sent(request);
		return ResponseEntity.ok()
			.cacheControl(CacheControl.noStore())
			.body(new Permission(allowed, (things != null && allowed) ? things.slowPort() : 0));
	}

	@PostMapping("/api/break-things/connection")
	Cut cutConnection(HttpServletRequest request) throws IOException {
		return new Cut(permitted(request).cutConnections(user(request)));
	}

	@PostMapping("/api/break-things/token")
	@ResponseStatus(HttpStatus.NO_CONTENT)
	void expireToken(HttpServletRequest request) throws IOException {
		permitted(request).expireToken(user(request));
	}

	@PostMapping("/api/break-things/server")
	@ResponseStatus(HttpStatus.ACCEPTED)
	void restartServer(HttpServletRequest request) {
		BreakThings things = permitted(request);
		user(request);
		things.restartServer();
	}

	private BreakThings permitted(HttpServletRequest request) {
		BreakThings things = this.things;
		if (things == null || !this.thisMachine.sent(request)) {
			throw new ResponseStatusException(HttpStatus.FORBIDDEN,
					"Only from the machine the application runs on, without a proxy, and with " + BreakThings.PROPERTY
							+ "=true");
		}
		return things;
	}

	private UUID user(HttpServletRequest request) {
		return this.cookies.userOf(request)
			.orElseThrow(() -> new ResponseStatusException(HttpStatus.UNAUTHORIZED, "Sign in first"));
	}

	/**
	 * Permission to break things.
	 *
	 * @param allowed whether it is granted
	 * @param slowPort the port of the slow network, or 0
	 */
	record Permission(boolean allowed, int slowPort) {
	}

	record Cut(int connections) {
	}

}
