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
 * Does, when asked, what happens to connections anyway. Safe for use by many threads.
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
	 * Pages that are open may connect to no other slow port than before, so it is the
	 * same after each start, if it is free.
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
	 * @return how many there were
	 */
	int cutConnections(UUID userId) throws IOException {
		return this.connections
			.reset((peer) -> peer.getAddress().isLoopbackAddress() && this.ports.isOf(userId, peer.getPort()));
	}

	/**
	 * Lets a user connect anew, with a token that expires soon.
	 */
	void expireToken(UUID userId) throws IOException {
		this.tokens.shortenNext(userId);
		cutConnections(userId);
	}

	/**
	 * Ends the application, as a deployment does, and starts it again on the same port.
	 */
	void restartServer() {
		this.restart.begin(slowPort());
	}

	/**
	 * Returns the port from which it is a slow way to the server; 0 if there is none yet.
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
