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
 * Closes the connections of a login by HTTP session when it ends: on this node when the
 * session is invalidated, expires, or gets another id; on all nodes when the user logs
 * out, as the session may be shared. Safe for use by many threads.
 */
final class LoginEnds implements HttpSessionListener, HttpSessionIdListener, LogoutHandler, DisposableBean {

	private static final Log logger = LogFactory.getLog(LoginEnds.class);

	private final Supplier<@Nullable Disconnects> disconnects;

	private volatile boolean stopped;

	/**
	 * Creates it.
	 * @param disconnects ends logins; null if clients do not log in by HTTP session.
	 * Asked late, as web servers want their listeners first
	 */
	LoginEnds(Supplier<@Nullable Disconnects> disconnects) {
		this.disconnects = disconnects;
	}

	/**
	 * Ignores sessions that end with the web server, which stops after the beans.
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
				// a logout must not fail for it
				logger.warn("Connections of a login that has ended may stay open on other nodes: " + ex.getMessage());
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
