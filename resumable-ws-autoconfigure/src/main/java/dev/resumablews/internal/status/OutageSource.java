package dev.resumablews.internal.status;

import java.util.List;

import dev.resumablews.internal.concurrent.Outage;

/**
 * Component with background loops that can fail repeatedly. Safe for use by multiple
 * threads; does not block.
 */
@FunctionalInterface
public interface OutageSource {

	/**
	 * Returns the outages of failing loops.
	 * @return the outages; empty if all loops work
	 */
	List<Outage> outages();

}
