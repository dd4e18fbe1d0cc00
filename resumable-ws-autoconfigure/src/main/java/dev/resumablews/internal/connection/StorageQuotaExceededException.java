package dev.resumablews.internal.connection;

/**
 * A message exceeds what may be stored for its user.
 */
public final class StorageQuotaExceededException extends RuntimeException {

	/**
	 * Name of the limit, as the reason of an event of security.
	 */
	public static final String REASON = "max_storage";

	private static final long serialVersionUID = 1;

	StorageQuotaExceededException(long limit) {
		super("No more than %d bytes are stored for a user".formatted(limit));
	}

}
