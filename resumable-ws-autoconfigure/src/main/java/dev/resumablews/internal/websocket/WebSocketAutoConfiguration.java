package dev.resumablews.internal.websocket;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.admission.AdmissionAutoConfiguration;
import dev.resumablews.internal.admission.ConnectionEndpoint;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.dispatch.DispatchAutoConfiguration;
import dev.resumablews.internal.dispatch.DispatcherServices;
import dev.resumablews.internal.handshake.HttpEndpoints;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.WebSocketHandlerMapping;

/**
 * Auto-configuration of the mapping of all endpoints.
 */
@AutoConfiguration(after = { AdmissionAutoConfiguration.class, DispatchAutoConfiguration.class })
@ConditionalOnClass(WebSocketHandler.class)
@ConditionalOnBean(ConnectionServices.class)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class WebSocketAutoConfiguration {

	@Bean(defaultCandidate = false)
	WebSocketHandlerMapping resumableWsHandlerMapping(ResumableWsProperties properties, ConnectionEndpoint endpoint,
			DispatcherServices dispatcherServices,
			@Qualifier("resumableWsHandshakeInterceptor") HandshakeInterceptor interceptor,
			ObjectProvider<HttpEndpoints> others) {
		return ResumableHandshakeHandler.mapping(properties.path(),
				new ResumableWebSocketHandler(endpoint, dispatcherServices), interceptor,
				others.getIfAvailable(() -> HttpEndpoints.NONE).handlers());
	}

}
