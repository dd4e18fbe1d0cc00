package dev.resumablews.client;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ResumableSessions;

/**
 * Counts the votes of each session, and publishes the count.
 */
final class Votes implements ClientMessageHandler {

	private final ResumableSessions sessions;

	private final Map<UUID, AtomicInteger> counts = new ConcurrentHashMap<>();

	Votes(ResumableSessions sessions) {
		this.sessions = sessions;
	}

	@Override
	public String type() {
		return "vote";
	}

	@Override
	public void handle(ClientMessage message) {
		int option = message.payload().path("option").asInt(-1);
		if (option < 0) {
			throw new MessageRejectedException("'option' must be a number");
		}
		int count = this.counts.computeIfAbsent(message.sessionId(), (session) -> new AtomicInteger())
			.incrementAndGet();
		this.sessions.publish(message.sessionId(), "vote_counted", Map.of("option", option, "count", count));
	}

	int count(UUID session) {
		return this.counts.getOrDefault(session, new AtomicInteger()).get();
	}

}
