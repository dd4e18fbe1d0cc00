package com.example.chat;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.stereotype.Component;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/**
 * Creates links that sign in a user on another device. Safe for use by many threads.
 */
@Component
class DeviceLinks {

	private final NetworkAddresses addresses;

	private final ThisMachine thisMachine;

	DeviceLinks(NetworkAddresses addresses, ThisMachine thisMachine) {
		this.addresses = addresses;
		this.thisMachine = thisMachine;
	}

	/**
	 * Returns links for the addresses of this application, beginning with those that
	 * other devices can reach. Falls back to the address at which the page was opened.
	 */
	List<DeviceLink> linksFor(String code, HttpServletRequest request) {
		URI page = ServletUriComponentsBuilder.fromContextPath(request).build().toUri();
		// the port of a proxy is unknown here, but that of the page is known
		Stream<String> network = (this.thisMachine.sent(request) && isLoopback(page))
				? this.addresses.reachable()
					.stream()
					.map((address) -> "%s://%s:%d".formatted(page.getScheme(), address, request.getLocalPort()))
				: Stream.empty();
		return Stream.concat(network, Stream.of(page.toString())).map((address) -> link(address, code)).toList();
	}

	private static DeviceLink link(String address, String code) {
		String link = address + "/#/join/" + code;
		return new DeviceLink(address, !isLoopback(URI.create(address)), link, QrCode.of(link));
	}

	private static boolean isLoopback(URI address) {
		return AllowedHostsFilter.LOOPBACK.contains(address.getHost());
	}

	/**
	 * A link.
	 *
	 * @param address the address of the application
	 * @param network whether other devices may reach the address, not only this machine
	 * @param link the link
	 * @param qr its QR code
	 */
	record DeviceLink(String address, boolean network, String link, QrCode qr) {
	}

}
