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
 * A page of the log as it is stored. Immutable.
 */
public final class StoredPage {

	private static final Executor SAME_THREAD = Runnable::run;

	private final LogPage page;

	private final StoredPayloads payloads;

	private final long maxCharacters;

	private final boolean encoded;

	/**
	 * Creates a page.
	 * @param page the page, with payloads as they are stored
	 * @param payloads decodes them
	 * @param maxCharacters length of the decoded payloads after which to stop
	 */
	StoredPage(LogPage page, StoredPayloads payloads, long maxCharacters) {
		this.page = page;
		this.payloads = payloads;
		this.maxCharacters = maxCharacters;
		this.encoded = page.events().stream().anyMatch((event) -> StoredPayloads.isEncoded(event.payload()));
	}

	/**
	 * Returns the newest event of the log.
	 * @return its id
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
	 * Returns what {@link #decode()} is to be called on: the same thread if it does not
	 * call code of the application. Sessions take turns.
	 * @return the executor
	 */
	public Executor decoding() {
		return this.encoded ? this.payloads.decoding().of(this.page.events().get(0).sessionId().toString())
				: SAME_THREAD;
	}

	/**
	 * Decodes the events: all of them, or those before one that cannot be decoded, or
	 * before they become too large.
	 * @return the page; without an event only if none was read
	 * @throws PayloadCodecException if the first event cannot be decoded
	 * @throws EventLogUnavailableException if the first event cannot be decoded right now
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
