package dev.resumablews.benchmarks.server;

import java.time.Duration;

import org.springframework.util.ClassUtils;
import org.springframework.web.socket.server.jetty.JettyRequestUpgradeStrategy;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/**
 * Accepts the WebSockets of the peers on Jetty as Spring does by default, but without
 * Jetty's idle timeout of 30 seconds.
 */
final class JettyUpgrade {

	private JettyUpgrade() {
	}

	static DefaultHandshakeHandler handshakeHandler() {
		if (!ClassUtils.isPresent("org.eclipse.jetty.server.Server", JettyUpgrade.class.getClassLoader())) {
			return new DefaultHandshakeHandler();
		}
		return WithoutIdleTimeout.handshakeHandler();
	}

	/**
	 * Loaded on Jetty only.
	 */
	private static final class WithoutIdleTimeout {

		private static DefaultHandshakeHandler handshakeHandler() {
			JettyRequestUpgradeStrategy strategy = new JettyRequestUpgradeStrategy();
			strategy.addWebSocketConfigurer((configurable) -> configurable.setIdleTimeout(Duration.ZERO));
			return new DefaultHandshakeHandler(strategy);
		}

	}

}
