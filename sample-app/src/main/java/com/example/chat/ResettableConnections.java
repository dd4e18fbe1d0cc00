package com.example.chat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Makes Tomcat's connections resettable.
 */
@Component
@ConditionalOnBooleanProperty(BreakThings.PROPERTY)
class ResettableConnections implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {

	private volatile @Nullable ResettableHttp11 http;

	@Override
	public void customize(TomcatServletWebServerFactory factory) {
		factory.setProtocol(ResettableHttp11.class.getName());
		factory.addConnectorCustomizers((connector) -> this.http = (ResettableHttp11) connector.getProtocolHandler());
	}

	int reset(Predicate<InetSocketAddress> peers) throws IOException {
		ResettableHttp11 http = this.http;
		return (http != null) ? http.reset(peers) : 0;
	}

}
