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
 * The address that a request comes from, as the container says. Where forwarded headers
 * are evaluated, it may be any text that a client has sent: what is not an IP address
 * counts as unknown, and no name is looked up.
 *
 * @param text the IP address; null if it is not known
 * @param network what counts as one address: an IPv4 address, or the /64 of an IPv6
 * address, which is what a single customer of a provider has
 */
record RemoteAddress(@Nullable String text, String network) {

	private static final RemoteAddress UNKNOWN = new RemoteAddress(null, "unknown");

	private static final Pattern IPV4 = Pattern
		.compile("(25[0-5]|2[0-4]\\d|1?\\d?\\d)(\\.(25[0-5]|2[0-4]\\d|1?\\d?\\d)){3}");

	/**
	 * With a colon in it the JDK takes it for an IPv6 address or refuses it.
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
