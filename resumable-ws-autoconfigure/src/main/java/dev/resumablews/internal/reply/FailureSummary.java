package dev.resumablews.internal.reply;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;

import dev.resumablews.PayloadCodecException;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatusCode;

/**
 * Summarizes the failure of a generator for the log: exception types and the HTTP status,
 * without messages. A message may contain data from a provider, such as an API key.
 */
final class FailureSummary {

	private static final int MAX_CAUSES = 8;

	/**
	 * Methods that return the status in exceptions of HTTP clients and SDKs.
	 */
	private static final List<String> STATUS_METHODS = List.of("getStatusCode", "statusCode");

	private FailureSummary() {
	}

	static String of(Throwable failure) {
		List<String> causes = new ArrayList<>();
		for (Throwable cause = failure; cause != null && causes.size() < MAX_CAUSES; cause = cause.getCause()) {
			if (cause instanceof NoAnswerException || cause instanceof PayloadCodecException) {
				return String.valueOf(cause.getMessage());
			}
			if (!(cause instanceof CompletionException)) {
				causes.add(describe(cause));
			}
		}
		return String.join(", caused by ", causes) + " (the log level DEBUG shows more)";
	}

	private static String describe(Throwable cause) {
		String name = cause.getClass().getName();
		Integer status = status(cause);
		return (status != null) ? name + " with HTTP status " + status : name;
	}

	private static @Nullable Integer status(Throwable cause) {
		for (String method : STATUS_METHODS) {
			try {
				Object status = cause.getClass().getMethod(method).invoke(cause);
				if (status instanceof Integer number) {
					return number;
				}
				if (status instanceof HttpStatusCode code) {
					return code.value();
				}
			}
			catch (ReflectiveOperationException | RuntimeException ex) {
				// the exception has no such method
			}
		}
		return null;
	}

}
