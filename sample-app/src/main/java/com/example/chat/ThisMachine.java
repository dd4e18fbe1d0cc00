package com.example.chat;

import java.net.InetAddress;
import java.net.UnknownHostException;

import jakarta.servlet.http.HttpServletRequest;

/**
 * Tells requests of the machine the application runs on from those of others.
 */
final class ThisMachine {

	private ThisMachine() {
	}

	/**
	 * Whether a request comes from here, and not through a proxy from who knows where.
	 */
	static boolean sent(HttpServletRequest request) {
		try {
			return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress()
					&& request.getHeader("Forwarded") == null && request.getHeader("X-Forwarded-For") == null;
		}
		catch (UnknownHostException ex) {
			return false;
		}
	}

}
