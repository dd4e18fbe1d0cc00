package com.example.chat;

import java.io.IOException;
import java.net.BindException;
import java.util.UUID;

import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Causes, on request, the failures that connections have to survive. Safe for use by many
 * threads.
 */
@Component
@ConditionalOnBooleanProperty(BreakThings.PROPERTY)
class BreakThings {

	static final String PROPERTY = "chat.break-things";

	static final String SLOW_PORT = "chat.slow-port";

	private final ResettableConnections connections;

	private final WebSocketPorts ports;

	private final TokenLifetimes tokens;

	private final Restart restart;

	private final int wantedSlowPort;

	private volatile @Nullable SlowNetwork slowNetwork;

	BreakThings(ResettableConnections connections, WebSocketPorts ports, TokenLifetimes tokens, Restart restart,
			@Value("${" + SLOW_PORT + "}") int slowPort) {
		this.connections = connections;
		this.ports = ports;
		this.tokens = tokens;
		this.restart = restart;
		this.wantedSlowPort = slowPort;
	}

	@EventListener
	void webServerRuns(WebServerInitializedEvent event) throws IOException {
		// the server of the management endpoints may be another one
		if (event.getApplicationContext().getServerNamespace() == null) {
			this.slowNetwork = openSlowNetwork(event.getWebServer().getPort());
		}
	}

	/**
	 * Uses the same port after each start if it is free, because open pages may connect
	 * to no other slow port.
	 */
	private SlowNetwork openSlowNetwork(int serverPort) throws IOException {
		if (this.wantedSlowPort != 0) {
			return SlowNetwork.open(this.wantedSlowPort, serverPort);
		}
		try {
			return SlowNetwork.open(SlowNetwork.usualPort(serverPort), serverPort);
		}
		catch (BindException ex) {
			return SlowNetwork.open(0, serverPort);
		}
	}

	/**
	 * Resets the TCP connections of a user's WebSockets.
	 * @return the number of connections
	 */
	int cutConnections(UUID userId) throws IOException {
		return this.connections
			.reset((peer) -> peer.getAddress().isLoopbackAddress() && this.ports.isOf(userId, peer.getPort()));
	}

	/**
	 * Makes a user reconnect with a token that expires soon.
	 */
	void expireToken(UUID userId) throws IOException {
		this.tokens.shortenNext(userId);
		cutConnections(userId);
	}

	/**
	 * Stops the application, as a deployment does, and starts it again on the same port.
	 */
	void restartServer() {
		this.restart.begin(slowPort());
	}

	/**
	 * Returns the port of the slow network; 0 if it is not open yet.
	 */
	int slowPort() {
		SlowNetwork network = this.slowNetwork;
		return (network != null) ? network.port() : 0;
	}

	@PreDestroy
	void close() throws IOException {
		SlowNetwork network = this.slowNetwork;
		if (network != null) {
			network.close();
		}
	}

}
