package dev.resumablews.internal.log;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * A batch without appends that repeat the idempotency key of another one in the batch,
 * which the append statement cannot detect.
 *
 * @param appends the appends to store, in order
 * @param repeats the appends that were left out, each with the append that it repeats
 */
record DistinctAppends(List<QueuedAppend> appends, Map<QueuedAppend, QueuedAppend> repeats) {

	static DistinctAppends of(List<QueuedAppend> batch) {
		Map<Key, QueuedAppend> byKey = new HashMap<>();
		List<QueuedAppend> distinct = new ArrayList<>(batch.size());
		Map<QueuedAppend, QueuedAppend> repeats = new LinkedHashMap<>();
		for (QueuedAppend append : batch) {
			QueuedAppend first = (append.request() instanceof AppendRequest.Message message)
					? byKey.putIfAbsent(Key.of(message), append) : null;
			if (first != null) {
				repeats.put(append, first);
			}
			else {
				distinct.add(append);
			}
		}
		return new DistinctAppends(distinct, repeats);
	}

	/**
	 * Completes each repeat with the result of the append that it repeats, once that is
	 * available.
	 */
	void completeRepeats() {
		this.repeats.forEach(DistinctAppends::complete);
	}

	private static void complete(QueuedAppend repeat, QueuedAppend first) {
		first.result().whenComplete((@Nullable AppendResult appended, @Nullable Throwable failure) -> {
			if (appended != null) {
				repeat.result()
					.complete(new AppendResult(appended.eventId(), true, appended.createdAt(), appended.forks()));
			}
			else if (failure != null) {
				repeat.result().completeExceptionally(failure);
			}
		});
	}

	/**
	 * Key for which a client's message is stored once.
	 *
	 * @param sessionId the session
	 * @param userId the user
	 * @param idempotencyKey the key
	 */
	private record Key(UUID sessionId, String userId, UUID idempotencyKey) {

		static Key of(AppendRequest.Message message) {
			return new Key(message.sessionId(), message.userId(), message.idempotencyKey());
		}

	}

}
