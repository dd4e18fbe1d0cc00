package dev.resumablews.internal.relay;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Determines the HTTP status with which an upstream refused a handshake. WebSocket
 * clients share no exception type for that, but all include the status in the message.
 */
final class UpstreamRejection {

	private static final Pattern STATUS = Pattern
		.compile("(?i)(?:response|status|code)[^0-9]{0,40}\\b([345][0-9]{2})\\b");

	private static final int DEPTH = 10;

	private UpstreamRejection() {
	}

	/**
	 * Returns the status.
	 * @param failure the failure of an attempt to connect
	 * @return the status; 0 if the upstream did not send one
	 */
	static int status(Throwable failure) {
		@Nullable Throwable cause = failure;
		for (int depth = 0; cause != null && depth < DEPTH; depth++) {
			Matcher matcher = STATUS.matcher(String.valueOf(cause.getMessage()));
			if (matcher.find()) {
				return Integer.parseInt(matcher.group(1));
			}
			cause = cause.getCause();
		}
		return 0;
	}

	/**
	 * Returns whether retrying cannot change the status.
	 */
	static boolean isPermanent(int status) {
		return status == 401 || status == 403;
	}

}
