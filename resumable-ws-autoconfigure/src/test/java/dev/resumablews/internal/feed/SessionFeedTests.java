package dev.resumablews.internal.feed;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.LongStream;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.feed.SessionFeed.Known;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

class SessionFeedTests {

	private static final long ANY = Long.MAX_VALUE;

	private final UUID session = UUID.randomUUID();

	private final SessionFeed feed = new SessionFeed(10, 1000);

	@Test
	void eventsCanBeReadFromAnyCursor() {
		commit(1, 2, 3);
		assertThat(ids(this.feed.after(0, ANY))).containsExactly(1L, 2L, 3L);
		assertThat(ids(this.feed.after(2, ANY))).containsExactly(3L);
		assertThat(ids(this.feed.after(3, ANY))).isEmpty();
		assertThat(ids(this.feed.after(99, ANY))).isEmpty();
		assertThat(this.feed.last()).isEqualTo(3);
	}

	@Test
	void aFeedThatBeginsInTheMiddleSendsReadersOfTheBeginningToTheLog() {
		commit(5, 6);
		assertThat(this.feed.after(3, ANY)).isNull();
		assertThat(ids(this.feed.after(4, ANY))).containsExactly(5L, 6L);
	}

	@Test
	void aGapSendsReadersToTheLog() {
		commit(1, 2);
		commit(4);
		assertThat(this.feed.after(2, ANY)).isNull();
		assertThat(ids(this.feed.after(3, ANY))).containsExactly(4L);
		assertThat(this.feed.last()).isEqualTo(4);
	}

	@Test
	void commitsThatArriveOutOfOrderAreReadFromTheLog() {
		commit(3, 4);
		commit(1, 2);
		assertThat(this.feed.last()).isEqualTo(4);
		assertThat(this.feed.after(0, ANY)).isNull();
		assertThat(ids(this.feed.after(2, ANY))).containsExactly(3L, 4L);
		commit(5);
		assertThat(ids(this.feed.after(2, ANY))).containsExactly(3L, 4L, 5L);
	}

	@Test
	void aRepeatedCommitIsAddedOnce() {
		commit(1, 2);
		commit(2, 3);
		assertThat(ids(this.feed.after(0, ANY))).containsExactly(1L, 2L, 3L);
	}

	@Test
	void theHeadOfTheLogCanAdvanceWithoutItsEvents() {
		commit(1);
		advanceTo(this.feed, 5);
		assertThat(this.feed.last()).isEqualTo(5);
		assertThat(this.feed.after(1, ANY)).isNull();
		assertThat(ids(this.feed.after(5, ANY))).isEmpty();
		commit(6);
		assertThat(ids(this.feed.after(5, ANY))).containsExactly(6L);
		advanceTo(this.feed, 3);
		assertThat(this.feed.last()).isEqualTo(6);
	}

	@Test
	void aReaderGetsEveryEventOnceInAnyOrderOfCommits() {
		for (int seed = 0; seed < 200; seed++) {
			Random random = new Random(seed);
			SessionFeed feed = new SessionFeed(1 + random.nextInt(20), 1 + random.nextInt(200));
			List<List<FeedEntry>> batches = batches(random, 100);
			shuffleALittle(batches, random);
			long newest = 0;
			long cursor = 0;
			for (List<FeedEntry> batch : batches) {
				feed.committed(batch);
				newest = Math.max(newest, batch.get(batch.size() - 1).event().id());
				while (cursor < feed.last()) {
					List<FeedEntry> events = feed.after(cursor, 1 + random.nextInt(50));
					// null means that the reader must use the log, which has every event
					long next = (events != null) ? events.get(0).event().id() : cursor + 1;
					assertThat(next).as("seed %d", seed).isEqualTo(cursor + 1);
					if (events != null) {
						assertThat(ids(events))
							.isEqualTo(LongStream.range(next, next + events.size()).boxed().toList());
						cursor = events.get(events.size() - 1).event().id();
					}
					else {
						cursor++;
					}
				}
				assertThat(feed.last()).isEqualTo(newest);
			}
			assertThat(cursor).isEqualTo(100);
		}
	}

	@Test
	void theNumberOfEventsIsLimited() {
		for (int id = 1; id <= 25; id++) {
			commit(id);
		}
		assertThat(this.feed.after(14, ANY)).isNull();
		assertThat(ids(this.feed.after(15, ANY))).hasSize(10);
	}

	@Test
	void theLengthOfEventsIsLimitedButTheNewestIsKept() {
		this.feed.committed(List.of(recent(1, "x".repeat(600)), recent(2, "x".repeat(600))));
		assertThat(this.feed.after(0, ANY)).isNull();
		assertThat(ids(this.feed.after(1, ANY))).containsExactly(2L);
		this.feed.committed(List.of(recent(3, "x".repeat(5000))));
		assertThat(ids(this.feed.after(2, ANY))).containsExactly(3L);
		commit(4);
		assertThat(this.feed.after(2, ANY)).isNull();
		assertThat(ids(this.feed.after(3, ANY))).containsExactly(4L);
	}

	@Test
	void aReaderGetsUpToTheRequestedLengthButAtLeastOneEvent() {
		this.feed.committed(List.of(recent(1, "x".repeat(100)), recent(2, "x".repeat(100)), recent(3, "x")));
		assertThat(ids(this.feed.after(0, 1))).containsExactly(1L);
		assertThat(ids(this.feed.after(0, 150))).containsExactly(1L, 2L);
		assertThat(ids(this.feed.after(0, 1000))).containsExactly(1L, 2L, 3L);
	}

	@Test
	void theDeltasOfACompleteReplyAreRemoved() {
		UUID reply = UUID.randomUUID();
		UUID other = UUID.randomUUID();
		this.feed.committed(List.of(recent(1, "{}"), delta(2, reply), delta(3, other), delta(4, reply)));
		this.feed.committed(List.of(complete(5, reply)));
		assertThat(ids(this.feed.after(0, ANY))).containsExactly(1L, 3L, 5L);
		assertThat(ids(this.feed.after(3, ANY))).containsExactly(5L);
		assertThat(ids(this.feed.after(4, ANY))).containsExactly(5L);
	}

	@Test
	void removedDeltasFreeSpace() {
		UUID reply = UUID.randomUUID();
		for (int id = 1; id <= 9; id++) {
			this.feed.committed(List.of(delta(id, reply)));
		}
		this.feed.committed(List.of(complete(10, reply)));
		commit(11, 12, 13, 14, 15, 16, 17, 18, 19);
		assertThat(ids(this.feed.after(0, ANY))).hasSize(10).startsWith(10L);
		commit(20);
		assertThat(this.feed.after(9, ANY)).isNull();
	}

	@Test
	void everyReaderIsWokenEvenIfOneFails() {
		SessionFeeds feeds = new SessionFeeds(10, 1000, new CommitListeners());
		AtomicInteger woken = new AtomicInteger();
		feeds.join(this.session, () -> {
			throw new IllegalStateException("going away");
		});
		SessionFeed feed = feeds.join(this.session, woken::incrementAndGet);
		assertThatNoException().isThrownBy(() -> feeds.committed(Map.of(this.session, List.of(recent(1, "{}")))));
		assertThat(woken).hasValue(1);
		advanceTo(feed, 2);
		assertThat(woken).hasValue(2);
		advanceTo(feed, 2);
		assertThat(woken).hasValue(2);
	}

	@Test
	void aFeedIsKeptWhileItHasReaders() {
		SessionFeeds feeds = new SessionFeeds(10, 1000, new CommitListeners());
		Runnable one = () -> {
		};
		Runnable two = () -> {
		};
		SessionFeed first = feeds.join(this.session, one);
		assertThat(feeds.join(this.session, two)).isSameAs(first);
		feeds.leave(this.session, one);
		feeds.leave(this.session, one);
		assertThat(feeds.has(this.session)).isTrue();
		feeds.leave(this.session, two);
		assertThat(feeds.has(this.session)).isFalse();
		assertThatNoException().isThrownBy(() -> feeds.committed(Map.of(this.session, List.of(recent(1, "{}")))));
		assertThat(feeds.join(this.session, one)).isNotSameAs(first);
	}

	private static void advanceTo(SessionFeed feed, long head) {
		feed.advanceTo(new Known(0, Forks.NONE), new Known(head, Forks.NONE));
	}

	private void commit(long... ids) {
		this.feed.committed(LongStream.of(ids).mapToObj((id) -> recent(id, "{}")).toList());
	}

	@Test
	void aFrameForSeveralConnectionsIsWrittenOnce() {
		this.feed.addListener(() -> {
		});
		this.feed.committed(List.of(recent(1, "{}")));
		FeedEntry recent = this.feed.after(0, ANY).get(0);
		AtomicInteger written = new AtomicInteger();
		Function<SessionEvent, String> writer = (event) -> event.id() + ", written " + written.incrementAndGet();

		assertThat(this.feed.text(recent, writer)).isEqualTo("1, written 1");
		this.feed.addListener(() -> {
		});
		String text = this.feed.text(recent, writer);

		assertThat(this.feed.text(this.feed.after(0, ANY).get(0), writer)).isEqualTo(text).isEqualTo("1, written 2");
	}

	private List<List<FeedEntry>> batches(Random random, int events) {
		List<List<FeedEntry>> batches = new ArrayList<>();
		long id = 1;
		while (id <= events) {
			List<FeedEntry> batch = new ArrayList<>();
			for (int size = 1 + random.nextInt(5); size > 0 && id <= events; size--) {
				batch.add(recent(id++, "x".repeat(random.nextInt(30))));
			}
			batches.add(batch);
		}
		return batches;
	}

	private static void shuffleALittle(List<List<FeedEntry>> batches, Random random) {
		for (int i = 0; i + 1 < batches.size(); i++) {
			if (random.nextInt(3) == 0) {
				Collections.swap(batches, i, Math.min(batches.size() - 1, i + 1 + random.nextInt(3)));
			}
		}
	}

	private FeedEntry delta(long id, UUID reply) {
		return recent(id, "assistant_delta", "{}", reply, false);
	}

	private FeedEntry complete(long id, UUID reply) {
		return recent(id, "assistant_message", "{}", reply, true);
	}

	private FeedEntry recent(long id, String payload) {
		return recent(id, "tick", payload, null, false);
	}

	private FeedEntry recent(long id, String type, String payload, @Nullable UUID reply, boolean completes) {
		return new FeedEntry(new SessionEvent(this.session, id, type, payload, Instant.EPOCH), reply,
				completes ? reply : null, Forks.NONE);
	}

	private static List<Long> ids(@Nullable List<FeedEntry> events) {
		assertThat(events).isNotNull();
		return events.stream().map((recent) -> recent.event().id()).toList();
	}

}
