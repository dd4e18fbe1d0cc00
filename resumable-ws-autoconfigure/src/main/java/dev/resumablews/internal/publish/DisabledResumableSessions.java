package dev.resumablews.internal.publish;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.ClientMessage;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.SessionSummary;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * {@link ResumableSessions} for {@code resumable-ws.enabled=false}: there are no
 * sessions, and published events are dropped. Logs a warning the first time. Safe for use
 * by many threads.
 */
final class DisabledResumableSessions implements ResumableSessions {

	private static final Log logger = LogFactory.getLog(DisabledResumableSessions.class);

	private final AtomicBoolean logged = new AtomicBoolean();

	@Override
	public void publish(UUID sessionId, String type, Object payload) {
		drop();
	}

	@Override
	public CompletableFuture<Long> publishAsync(UUID sessionId, String type, Object payload) {
		drop();
		return CompletableFuture.completedFuture(0L);
	}

	@Override
	public int publishToUser(String userId, String type, Object payload) {
		drop();
		return 0;
	}

	@Override
	public void sendEphemeral(UUID sessionId, String type, Object payload) {
		drop();
	}

	@Override
	public void sendEphemeralToUser(String userId, String type, Object payload) {
		drop();
	}

	@Override
	public void sendEphemeralToOthers(ClientMessage message, Object payload) {
		drop();
	}

	@Override
	public Optional<SessionSummary> find(UUID sessionId) {
		return Optional.empty();
	}

	@Override
	public List<SessionSummary> list(String userId, int limit) {
		return List.of();
	}

	@Override
	public List<SessionEvent> history(UUID sessionId, long afterEventId, int limit) {
		return List.of();
	}

	@Override
	public int connectionCount(String userId) {
		return 0;
	}

	@Override
	public long storedBytes(String userId) {
		return 0;
	}

	@Override
	public boolean close(UUID sessionId) {
		return false;
	}

	@Override
	public void disconnect(String userId) {
	}

	@Override
	public void disconnectToken(String tokenId) {
	}

	@Override
	public boolean erase(UUID sessionId) {
		return false;
	}

	@Override
	public int erase(String userId) {
		return 0;
	}

	private void drop() {
		if (this.logged.compareAndSet(false, true)) {
			logger.warn("Events are dropped, because resumable-ws.enabled is false");
		}
	}

}
