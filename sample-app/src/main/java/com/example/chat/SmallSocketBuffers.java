package com.example.chat;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Reduces Tomcat's buffers to 2 KiB per connection instead of 16, because most
 * connections are idle WebSockets. These bypass the buffers when they write; pages and
 * scripts are sent in smaller pieces.
 */
@Component
class SmallSocketBuffers implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

	private static final String BYTES = "1024";

	@Override
	public void customize(TomcatServletWebServerFactory factory) {
		factory.addConnectorCustomizers((connector) -> {
			connector.setProperty("socket.appReadBufSize", BYTES);
			connector.setProperty("socket.appWriteBufSize", BYTES);
		});
	}

}
