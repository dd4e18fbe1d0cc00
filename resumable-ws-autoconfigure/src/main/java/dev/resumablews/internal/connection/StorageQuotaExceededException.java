package dev.resumablews.internal.connection;

/**
 * Thrown when a message exceeds the storage quota of its user.
 */
public final class StorageQuotaExceededException extends RuntimeException {

	/**
	 * Name of the limit, used as the reason of security events.
	 */
	public static final String REASON = "max_storage";

	private static final long serialVersionUID = 1;

	StorageQuotaExceededException(long limit) {
		super("The storage quota of %d bytes per user is exceeded".formatted(limit));
	}

}
