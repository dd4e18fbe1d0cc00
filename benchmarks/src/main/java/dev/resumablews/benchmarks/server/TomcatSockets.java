package dev.resumablews.benchmarks.server;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configures the sizes of Tomcat's socket buffers if a property sets them.
 */
@Configuration(proxyBeanMethods = false)
@ConditionalOnClass(TomcatServletWebServerFactory.class)
@ConditionalOnProperty("benchmarks.tomcat-socket-buffers")
class TomcatSockets {

	@Bean
	static Buffers buffers(@Value("${benchmarks.tomcat-socket-buffers}") String bytes) {
		return new Buffers(bytes);
	}

	/**
	 * Sets the sizes of the buffers, in bytes.
	 */
	static final class Buffers implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

		private final String bytes;

		Buffers(String bytes) {
			this.bytes = bytes;
		}

		@Override
		public void customize(TomcatServletWebServerFactory factory) {
			factory.addConnectorCustomizers((connector) -> {
				connector.setProperty("socket.appReadBufSize", this.bytes);
				connector.setProperty("socket.appWriteBufSize", this.bytes);
			});
		}

	}

}
