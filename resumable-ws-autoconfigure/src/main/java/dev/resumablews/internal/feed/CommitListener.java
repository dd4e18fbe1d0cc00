package dev.resumablews.internal.feed;

import java.util.Collection;
import java.util.UUID;

/**
 * Is told which sessions have new events, once for each commit of this node.
 */
@FunctionalInterface
public interface CommitListener {

	/**
	 * Called after the commit, on the thread that made it, and before anybody is told
	 * that the events are stored. Must neither block nor throw.
	 * @param sessionIds the sessions, each once
	 */
	void onCommitted(Collection<UUID> sessionIds);

}
