package dev.resumablews.internal.handshake;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HexFormat;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;

/**
 * Remote address of a request as reported by the container. If forwarded headers are
 * evaluated, it may be any text that a client has sent: anything but an IP address counts
 * as unknown, and no host name is resolved.
 *
 * @param text the IP address; null if unknown
 * @param network the range that counts as one address: an IPv4 address, or the /64 of an
 * IPv6 address, which providers assign to a single customer
 */
record RemoteAddress(@Nullable String text, String network) {

	private static final RemoteAddress UNKNOWN = new RemoteAddress(null, "unknown");

	private static final Pattern IPV4 = Pattern
		.compile("(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}");

	/**
	 * The JDK parses a text with a colon as an IPv6 address or rejects it, and never
	 * resolves it.
	 */
	private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]{0,39}:[0-9a-fA-F:.]{0,39}");

	private static final int NETWORK_BYTES = 8;

	static RemoteAddress of(ServerHttpRequest request) {
		if (request instanceof ServletServerHttpRequest servlet) {
			return parse(servlet.getServletRequest().getRemoteAddr());
		}
		InetAddress address = request.getRemoteAddress().getAddress();
		return (address != null) ? parse(address.getHostAddress()) : UNKNOWN;
	}

	static RemoteAddress parse(@Nullable String value) {
		if (value == null) {
			return UNKNOWN;
		}
		String text = withoutBracketsAndZone(value);
		if (IPV4.matcher(text).matches()) {
			return new RemoteAddress(text, text);
		}
		if (!IPV6.matcher(text).matches()) {
			return UNKNOWN;
		}
		try {
			InetAddress address = InetAddress.getByName(text);
			return (address instanceof Inet6Address)
					? new RemoteAddress(text, HexFormat.of().formatHex(address.getAddress(), 0, NETWORK_BYTES))
					: new RemoteAddress(address.getHostAddress(), address.getHostAddress());
		}
		catch (UnknownHostException ex) {
			return UNKNOWN;
		}
	}

	private static String withoutBracketsAndZone(String value) {
		String text = (value.startsWith("[") && value.endsWith("]")) ? value.substring(1, value.length() - 1) : value;
		int zone = text.indexOf('%');
		return (zone >= 0) ? text.substring(0, zone) : text;
	}

}
