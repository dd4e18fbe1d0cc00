package com.example.chat;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Lets each connection keep 2 KiB of Tomcat's for what is read and written, not 16: most
 * are WebSockets that are silent. They write past these buffers; pages and scripts go out
 * in smaller pieces.
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
