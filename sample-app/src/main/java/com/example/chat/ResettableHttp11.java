package com.example.chat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.function.Predicate;

import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * Tomcat's HTTP protocol with resettable connections. As in a network failure, the TCP
 * connection is reset without an HTTP or WebSocket message. Public because Tomcat
 * instantiates it by name.
 */
public final class ResettableHttp11 extends Http11NioProtocol {

	/**
	 * Resets connections.
	 * @param peers matches the peer addresses of the connections to reset
	 * @return the number of connections
	 * @throws IOException if the socket of one of them cannot be closed
	 */
	int reset(Predicate<InetSocketAddress> peers) throws IOException {
		int count = 0;
		for (SocketWrapperBase<NioChannel> connection : getEndpoint().getConnections()) {
			SocketChannel socket = connection.getSocket().getIOChannel();
			if (socket.getRemoteAddress() instanceof InetSocketAddress peer && peers.test(peer)) {
				reset(connection, socket);
				count++;
			}
		}
		return count;
	}

	private static void reset(SocketWrapperBase<NioChannel> connection, SocketChannel socket) throws IOException {
		// closing without lingering resets the connection
		socket.setOption(StandardSocketOptions.SO_LINGER, 0);
		socket.close();
		// so that Tomcat detects it immediately, not on its next write
		connection.processSocket(SocketEvent.ERROR, true);
	}

}
