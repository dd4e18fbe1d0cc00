package dev.resumablews.internal.status;

import java.util.List;

import dev.resumablews.internal.concurrent.Outage;

/**
 * Part of this node that runs loops, each of which may keep failing. Safe for use by many
 * threads; does not block.
 */
@FunctionalInterface
public interface OutageSource {

	/**
	 * Returns which loops keep failing.
	 * @return their outages; empty if there are none
	 */
	List<Outage> outages();

}
