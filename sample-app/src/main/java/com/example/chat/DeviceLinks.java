package com.example.chat;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

import jakarta.servlet.http.HttpServletRequest;

import org.springframework.stereotype.Component;
import org.springframework.web.servlet.support.ServletUriComponentsBuilder;

/**
 * Makes the links by which another device becomes a user of this application. Safe for
 * use by many threads.
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
	 * Makes links for the addresses of this application, those first that other devices
	 * reach. The last resort is the address that the page was opened at.
	 */
	List<DeviceLink> linksFor(String code, HttpServletRequest request) {
		URI page = ServletUriComponentsBuilder.fromContextPath(request).build().toUri();
		// the port that a proxy listens on is not known here, but that of the page is
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
	 * @param address the address of the application that it leads to
	 * @param network whether other devices may reach that, and not only this machine
	 * @param link the link
	 * @param qr its QR code
	 */
	record DeviceLink(String address, boolean network, String link, QrCode qr) {
	}

}
