package dev.resumablews.test.client;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Frames of all connections of a client, in the order of their arrival. Not safe for use
 * by many threads.
 */
final class ReceivedFrames {

	private final List<ServerFrame> all = new ArrayList<>();

	/**
	 * Frames that no wait has returned yet.
	 */
	private final List<ServerFrame> unread = new ArrayList<>();

	void add(ServerFrame frame) {
		this.all.add(frame);
		this.unread.add(frame);
	}

	List<ServerFrame> all() {
		return List.copyOf(this.all);
	}

	/**
	 * Removes a frame from those that no wait has returned.
	 * @return the first that is wanted; null if there is none
	 */
	@Nullable ServerFrame takeUnread(Predicate<ServerFrame> wanted) {
		for (int i = 0; i < this.unread.size(); i++) {
			if (wanted.test(this.unread.get(i))) {
				return this.unread.remove(i);
			}
		}
		return null;
	}

	/**
	 * Finds the last frame of a kind that names an idempotency key.
	 * @return the frame; null if there is none
	 */
	<F extends ServerFrame> @Nullable F findLast(Class<F> type, UUID key) {
		for (int i = this.all.size() - 1; i >= 0; i--) {
			ServerFrame frame = this.all.get(i);
			if (type.isInstance(frame) && frame.idempotencyKey().filter(key::equals).isPresent()) {
				return type.cast(frame);
			}
		}
		return null;
	}

	/**
	 * Describes the last frames, for the message of a failure.
	 */
	String describeLast(int count) {
		StringBuilder description = new StringBuilder(
				"%d frames received, the last of them:".formatted(this.all.size()));
		this.all.subList(Math.max(0, this.all.size() - count), this.all.size())
			.forEach((frame) -> description.append(System.lineSeparator()).append("  ").append(frame.json()));
		return description.toString();
	}

}
