package dev.resumablews.internal.http;

import java.util.Map;

import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.admission.AdmissionAutoConfiguration;
import dev.resumablews.internal.admission.ConnectionEndpoint;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.dispatch.DispatchAutoConfiguration;
import dev.resumablews.internal.dispatch.DispatcherServices;
import dev.resumablews.internal.handshake.Endpoint;
import dev.resumablews.internal.handshake.HandshakeGate;
import dev.resumablews.internal.handshake.HttpEndpoints;
import dev.resumablews.internal.workers.ListeningClock;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the HTTP endpoints other than the WebSocket.
 */
@AutoConfiguration(after = { AdmissionAutoConfiguration.class, DispatchAutoConfiguration.class })
@ConditionalOnBean(ConnectionServices.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.http.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class HttpAutoConfiguration {

	@Bean
	HttpEndpoints resumableWsHttpEndpoints(ResumableWsProperties properties, HandshakeGate gate,
			ConnectionEndpoint endpoint, DispatcherServices dispatcherServices) {
		ResumableWsProperties.Http http = properties.http();
		MessagesEndpoint messages = new MessagesEndpoint(gate, endpoint.services(), dispatcherServices,
				endpoint.connections(), http.maxRequestSize().toBytes());
		endpoint.services()
			.workers()
			.clock()
			.every(ListeningClock.TICK_INTERVAL, "Checking timeouts of message requests", messages::watch);
		return new HttpEndpoints(Map.of(Endpoint.EVENTS, new EventStreamEndpoint(gate, endpoint, http.maxWait()),
				Endpoint.MESSAGES, messages));
	}

}
