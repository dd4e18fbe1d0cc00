package dev.resumablews.internal.workers;

/**
 * The web server's threads, which read what clients send.
 */
@FunctionalInterface
public interface ContainerThreads {

	/**
	 * Returns whether all threads are busy and work waits for one.
	 * @return whether what clients send is not read now
	 */
	boolean saturated();

}
