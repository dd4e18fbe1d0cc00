package dev.resumablews.internal.workers;

/**
 * The web server's threads, which read messages from clients.
 */
@FunctionalInterface
public interface ContainerThreads {

	/**
	 * Returns whether all threads are busy and work is queued.
	 * @return whether client messages are currently not read
	 */
	boolean saturated();

}
