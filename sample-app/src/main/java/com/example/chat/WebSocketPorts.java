package com.example.chat;

import java.io.IOException;
import java.text.ParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.nimbusds.jwt.SignedJWT;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Records the local ports of a user's WebSockets or event streams, so that they can be
 * reset. Keeps the newest thousand, open or not. Safe for use by many threads.
 */
@Component
@ConditionalOnBooleanProperty(BreakThings.PROPERTY)
class WebSocketPorts extends OncePerRequestFilter {

	private static final Pattern TOKEN = Pattern.compile("(?:\\bjwt-|^Bearer )([\\w.-]+)");

	private static final int CAPACITY = 1000;

	private final Map<Integer, String> users = new LinkedHashMap<>() {

		@Override
		protected boolean removeEldestEntry(Map.Entry<Integer, String> eldest) {
			return size() > CAPACITY;
		}

	};

	private final ThisMachine thisMachine;

	WebSocketPorts(ThisMachine thisMachine) {
		this.thisMachine = thisMachine;
	}

	@Override
	protected boolean shouldNotFilter(HttpServletRequest request) {
		return credentials(request) == null || !this.thisMachine.sent(request);
	}

	@Override
	protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
			throws ServletException, IOException {
		chain.doFilter(request, response);
		String credentials = credentials(request);
		String user = (credentials != null) ? userOf(credentials) : null;
		// an upgrade or a stream implies that the token was verified
		if (user != null
				&& (response.getStatus() == HttpServletResponse.SC_SWITCHING_PROTOCOLS || request.isAsyncStarted())) {
			synchronized (this.users) {
				this.users.remove(request.getRemotePort());
				this.users.put(request.getRemotePort(), user);
			}
		}
	}

	boolean isOf(UUID userId, int port) {
		synchronized (this.users) {
			return userId.toString().equals(this.users.get(port));
		}
	}

	private static @Nullable String credentials(HttpServletRequest request) {
		return request.getHeader(
				request.getServletPath().equals("/ws/sse") ? HttpHeaders.AUTHORIZATION : "Sec-WebSocket-Protocol");
	}

	private static @Nullable String userOf(String credentials) {
		Matcher token = TOKEN.matcher(credentials);
		try {
			return token.find() ? SignedJWT.parse(token.group(1)).getJWTClaimsSet().getSubject() : null;
		}
		catch (ParseException ex) {
			return null;
		}
	}

}
