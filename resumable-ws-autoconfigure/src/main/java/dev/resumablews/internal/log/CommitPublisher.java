package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.AppendRequest.RelayEvent;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Publishes a committed batch to the feeds of its sessions, and completes its appends. A
 * failure here does not affect the commit and is not a failure of the log. Used by the
 * writer's thread.
 */
final class CommitPublisher {

	private static final Log logger = LogFactory.getLog(CommitPublisher.class);

	private final SessionFeeds feeds;

	CommitPublisher(SessionFeeds feeds) {
		this.feeds = feeds;
	}

	/**
	 * Publishes the stored events, and completes every append of the batch that is not
	 * busy.
	 * @return the busy appends, which must be retried
	 */
	List<QueuedAppend> publish(List<QueuedAppend> batch, AppendOutcome outcome) {
		try {
			this.feeds.committed(entries(batch, outcome));
		}
		catch (Throwable ex) {
			logger.error("Failed to pass committed events to the connections of this node", ex);
		}
		List<QueuedAppend> busy = new ArrayList<>();
		for (int i = 0; i < batch.size(); i++) {
			QueuedAppend append = batch.get(i);
			AppendResult stored = outcome.results().get(i);
			if (stored != null) {
				append.complete(stored);
			}
			else if (outcome.busy().contains(append.sessionId())) {
				busy.add(append);
			}
			else {
				append.result().completeExceptionally(refusal(append.request()));
			}
		}
		return busy;
	}

	private static Map<UUID, List<FeedEntry>> entries(List<QueuedAppend> batch, AppendOutcome outcome) {
		Map<UUID, List<FeedEntry>> entries = new HashMap<>();
		for (int i = 0; i < batch.size(); i++) {
			AppendResult stored = outcome.results().get(i);
			if (stored != null && !stored.duplicate()) {
				entries.computeIfAbsent(batch.get(i).sessionId(), (id) -> new ArrayList<>())
					.add(batch.get(i).toFeedEntry(stored));
			}
		}
		return entries;
	}

	/**
	 * Returns the reason for a rejection. The statement does not report why an event of a
	 * reply or a relay was rejected; the next claim detects a closed session.
	 */
	private static RuntimeException refusal(AppendRequest request) {
		if (request instanceof ReplyEvent event) {
			return new FencedException(event);
		}
		return (request instanceof RelayEvent event) ? new FencedException(event)
				: new UnknownSessionException(request.sessionId());
	}

}
