package dev.resumablews.internal.security;

import java.util.UUID;
import java.util.function.Supplier;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.handshake.SessionLogin;
import dev.resumablews.internal.presence.DisconnectKey;
import dev.resumablews.internal.presence.Disconnects;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import jakarta.servlet.http.HttpSessionEvent;
import jakarta.servlet.http.HttpSessionIdListener;
import jakarta.servlet.http.HttpSessionListener;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.security.core.Authentication;
import org.springframework.security.web.authentication.logout.LogoutHandler;

/**
 * Closes the connections of an HTTP session login when the login ends. Invalidation,
 * expiry and a changed session id close connections on this node; a logout closes them on
 * all nodes, since sessions may be shared. Safe for use by multiple threads.
 */
final class LoginEnds implements HttpSessionListener, HttpSessionIdListener, LogoutHandler, DisposableBean {

	private static final Log logger = LogFactory.getLog(LoginEnds.class);

	private final Supplier<@Nullable Disconnects> disconnects;

	private volatile boolean stopped;

	/**
	 * Creates a listener.
	 * @param disconnects ends logins; supplies null if clients do not log in by HTTP
	 * session. Resolved lazily, because web servers need their listeners early
	 */
	LoginEnds(Supplier<@Nullable Disconnects> disconnects) {
		this.disconnects = disconnects;
	}

	/**
	 * Ignores sessions that end because the web server stops, which happens after the
	 * beans are destroyed.
	 */
	@Override
	public void destroy() {
		this.stopped = true;
	}

	@Override
	public void sessionDestroyed(HttpSessionEvent event) {
		endHere(event.getSession().getId());
	}

	@Override
	public void sessionIdChanged(HttpSessionEvent event, String oldSessionId) {
		endHere(oldSessionId);
	}

	@Override
	public void logout(HttpServletRequest request, HttpServletResponse response,
			@Nullable Authentication authentication) {
		HttpSession session = request.getSession(false);
		Disconnects disconnects = (authentication != null && session != null) ? this.disconnects.get() : null;
		if (disconnects != null) {
			UUID key = key(session.getId());
			disconnects.endLocally(key);
			try {
				disconnects.add(key);
			}
			catch (EventLogUnavailableException ex) {
				// must not fail the logout
				logger.warn("Connections of an ended login may stay open on other nodes: " + ex.getMessage());
			}
		}
	}

	private void endHere(String sessionId) {
		Disconnects disconnects = this.stopped ? null : this.disconnects.get();
		if (disconnects != null) {
			disconnects.endLocally(key(sessionId));
		}
	}

	private static UUID key(String sessionId) {
		return DisconnectKey.ofToken(SessionLogin.tokenId(sessionId));
	}

}
