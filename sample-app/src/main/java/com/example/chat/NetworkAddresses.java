package com.example.chat;

import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Finds the addresses of this machine in its networks. Safe for use by many threads.
 */
@Component
class NetworkAddresses {

	private static final Logger logger = LoggerFactory.getLogger(NetworkAddresses.class);

	/**
	 * An Internet address that is reserved for documentation.
	 */
	private static final InetSocketAddress SOMEWHERE = new InetSocketAddress("192.0.2.1", 9);

	private final @Nullable InetAddress listening;

	/**
	 * Creates the addresses.
	 * @param listening address that the server listens on; null for all
	 */
	NetworkAddresses(@Value("${server.address:#{null}}") @Nullable InetAddress listening) {
		this.listening = listening;
	}

	/**
	 * Returns the IPv4 addresses at which other machines in the network reach the server.
	 * @return the addresses, that of the route to the Internet first; empty if the server
	 * listens on this machine only
	 */
	List<String> reachable() {
		return all().stream().filter(this::isListenedOn).map(InetAddress::getHostAddress).toList();
	}

	private boolean isListenedOn(InetAddress address) {
		return this.listening == null || this.listening.isAnyLocalAddress() || this.listening.equals(address);
	}

	private static List<InetAddress> all() {
		List<InetAddress> addresses = new ArrayList<>();
		try {
			for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
				if (network.isUp()) {
					network.inetAddresses().filter(NetworkAddresses::isOfNetwork).forEach(addresses::add);
				}
			}
			InetAddress preferred = preferred();
			addresses.sort(Comparator.comparing((address) -> !address.equals(preferred)));
		}
		catch (SocketException ex) {
			logger.debug("The addresses of this machine are not known", ex);
		}
		return addresses;
	}

	private static boolean isOfNetwork(InetAddress address) {
		return address instanceof Inet4Address && !address.isLoopbackAddress() && !address.isLinkLocalAddress();
	}

	/**
	 * Returns the local address for packets to the Internet, without sending one.
	 */
	private static InetAddress preferred() throws SocketException {
		try (DatagramSocket socket = new DatagramSocket()) {
			socket.connect(SOMEWHERE);
			return socket.getLocalAddress();
		}
	}

}
