package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.epoch.Forks;

/**
 * A page of the log with payloads in stored form. Immutable.
 */
public final class StoredPage {

	private static final Executor SAME_THREAD = Runnable::run;

	private final LogPage page;

	private final StoredPayloads payloads;

	private final long maxCharacters;

	private final boolean encoded;

	/**
	 * Creates a page.
	 * @param page the page, with payloads in stored form
	 * @param payloads decodes the payloads
	 * @param maxCharacters total length of the decoded payloads after which to stop
	 */
	StoredPage(LogPage page, StoredPayloads payloads, long maxCharacters) {
		this.page = page;
		this.payloads = payloads;
		this.maxCharacters = maxCharacters;
		this.encoded = page.events().stream().anyMatch((event) -> StoredPayloads.isEncoded(event.payload()));
	}

	/**
	 * Returns the id of the newest event of the log.
	 * @return the event's id
	 */
	public long head() {
		return this.page.head();
	}

	/**
	 * Returns the history of the log.
	 * @return the history
	 */
	public Forks forks() {
		return this.page.forks();
	}

	/**
	 * Returns the executor on which to call {@link #decode()}: the same thread if no
	 * application code is called. Sessions take turns.
	 * @return the executor
	 */
	public Executor decoding() {
		return this.encoded ? this.payloads.decoding().of(this.page.events().get(0).sessionId().toString())
				: SAME_THREAD;
	}

	/**
	 * Decodes the events, up to one that cannot be decoded or until their total length
	 * reaches the limit.
	 * @return the page; without events only if none were read
	 * @throws PayloadCodecException if the first event cannot be decoded
	 * @throws EventLogUnavailableException if the first event temporarily cannot be
	 * decoded
	 */
	public LogPage decode() {
		if (!this.encoded) {
			return this.page;
		}
		List<SessionEvent> events = new ArrayList<>();
		long characters = 0;
		for (SessionEvent stored : this.page.events()) {
			try {
				SessionEvent event = new SessionEvent(stored.sessionId(), stored.id(), stored.type(),
						this.payloads.decode(stored.sessionId(), stored.id(), stored.type(), stored.payload()),
						stored.createdAt());
				events.add(event);
				characters += event.payload().length();
			}
			catch (PayloadCodecException | EventLogUnavailableException ex) {
				if (events.isEmpty()) {
					throw ex;
				}
				break;
			}
			if (characters >= this.maxCharacters) {
				break;
			}
		}
		return new LogPage(events, head(), forks());
	}

}
