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
 * Tomcat's HTTP, whose connections can be broken as a bad network breaks them: the peer's
 * TCP connection is reset, without a word of HTTP or WebSocket. Public for Tomcat, which
 * makes it by its name.
 */
public final class ResettableHttp11 extends Http11NioProtocol {

	/**
	 * Resets connections.
	 * @param peers says by the address of its peer whether a connection is meant
	 * @return how many there were
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
		// without lingering, closing is resetting
		socket.setOption(StandardSocketOptions.SO_LINGER, 0);
		socket.close();
		// so that Tomcat notices now, not when it next writes
		connection.processSocket(SocketEvent.ERROR, true);
	}

}
