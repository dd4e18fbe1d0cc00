package dev.resumablews.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsFrame;

/**
 * WebSocket clients of several users that never read after they have connected.
 */
final class SilentClients implements AutoCloseable {

	private static final int RECEIVE_BUFFER = 4096;

	private static final String TEN_KILOBYTES = "x".repeat(10_000);

	private final List<UUID> sessions = new ArrayList<>();

	private final List<Socket> sockets = new ArrayList<>();

	private final TestServer server;

	SilentClients(TestServer server, int users, int connectionsPerUser) throws IOException {
		this.server = server;
		for (int i = 0; i < users; i++) {
			String user = "silent-" + i;
			try (ResumableWsTestClient first = ResumableWsTestClient.builder(server.uri())
				.tokens(Tokens.ISSUER)
				.user(user)
				.connect()) {
				this.sessions.add(first.sessionId());
				first.await("replay_complete");
				// a session is stored with its first event
				server.bean(ResumableSessions.class).publish(this.sessions.get(i), "note", Map.of("text", "hello"));
			}
			for (int j = 0; j < connectionsPerUser; j++) {
				this.sockets.add(connect(user, this.sessions.get(i)));
			}
		}
	}

	int count() {
		return this.sockets.size();
	}

	/**
	 * Publishes events to each session.
	 * @param events the number of events of ten kilobytes, which must exceed the network
	 * buffers of a client
	 */
	void publish(int events) {
		ResumableSessions published = this.server.bean(ResumableSessions.class);
		for (int i = 0; i < events; i++) {
			for (UUID session : this.sessions) {
				published.publish(session, "note", Map.of("text", TEN_KILOBYTES));
			}
		}
	}

	/**
	 * Sends one ping on each connection, where the send buffer has no space for the pong.
	 */
	void ping() throws IOException {
		byte[] ping = new WsFrame(true, WsFrame.PING, new byte[100]).masked();
		for (Socket socket : this.sockets) {
			socket.getOutputStream().write(ping);
		}
	}

	private Socket connect(String user, UUID session) throws IOException {
		Socket socket = new Socket();
		socket.setReceiveBufferSize(RECEIVE_BUFFER);
		socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.server.port()), 20_000);
		socket.setSoTimeout(20_000);
		socket.getOutputStream()
			.write(RawSocket.handshake(this.server.port(), "token=" + Tokens.forUser(user) + "&sessionId=" + session));
		String status = new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
		if (!status.endsWith(" 101")) {
			throw new IOException("Refused: " + status);
		}
		return socket;
	}

	@Override
	public void close() throws IOException {
		for (Socket socket : this.sockets) {
			socket.setSoLinger(true, 0);
			socket.close();
		}
	}

}
