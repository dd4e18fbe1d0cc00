package dev.resumablews.benchmarks.server;

import java.time.Duration;

import org.springframework.util.ClassUtils;
import org.springframework.web.socket.server.jetty.JettyRequestUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/**
 * How the peers accept a WebSocket on Jetty: as Spring does by itself, but that Jetty
 * does not close it after 30 seconds of silence.
 */
final class JettyUpgrade {

	private JettyUpgrade() {
	}

	static DefaultHandshakeHandler handshakeHandler() {
		if (!ClassUtils.isPresent("org.eclipse.jetty.server.Server", JettyUpgrade.class.getClassLoader())) {
			return new DefaultHandshakeHandler();
		}
		return Patient.handshakeHandler();
	}

	/**
	 * Loaded on Jetty only.
	 */
	private static final class Patient {

		private static DefaultHandshakeHandler handshakeHandler() {
			JettyRequestUpgradeStrategy strategy = new JettyRequestUpgradeStrategy();
			strategy.addWebSocketConfigurer((configurable) -> configurable.setIdleTimeout(Duration.ZERO));
			return new DefaultHandshakeHandler(strategy);
		}

	}

}
