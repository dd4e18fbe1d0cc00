package dev.resumablews.internal.feed;

import java.util.Collection;
import java.util.UUID;

/**
 * Listener that is called once for each commit of this node.
 */
@FunctionalInterface
public interface CommitListener {

	/**
	 * Called on the committing thread after the commit and before the events are
	 * acknowledged. Must neither block nor throw.
	 * @param sessionIds the sessions with new events, each once
	 */
	void onCommitted(Collection<UUID> sessionIds);

}
