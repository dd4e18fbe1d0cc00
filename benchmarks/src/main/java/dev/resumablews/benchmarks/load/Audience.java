package dev.resumablews.benchmarks.load;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that ask for replies, and hear them: on the connection that asks, and on a
 * second one to another server if that is wanted.
 */
abstract class Audience extends Workload {

	static final Duration LONGEST = Duration.ofSeconds(40);

	private final List<Integer> ports;

	private final int sessions;

	private final ReplyOrder order;

	private final boolean watched;

	private final List<SpokenTo> askers = new ArrayList<>();

	private final List<SpokenTo> watchers = new ArrayList<>();

	private final Map<WsClient, SpokenTo> byClient = new HashMap<>();

	private final List<@Nullable String> sessionIds = new ArrayList<>();

	private final Tally local = new Tally();

	private final Tally remote = new Tally();

	private int ready;

	private int failed;

	Audience(EventLoop loop, String dialect, List<Integer> ports, int sessions, ReplyOrder order, boolean watched) {
		super(loop, dialect);
		this.ports = ports;
		this.sessions = sessions;
		this.order = order;
		this.watched = watched;
	}

	final Tally local() {
		return this.local;
	}

	final Tally remote() {
		return this.remote;
	}

	final List<SpokenTo> askers() {
		return this.askers;
	}

	final ReplyOrder order() {
		return this.order;
	}

	final void ask(SpokenTo asker) {
		asker.ask(this.order, dialect());
	}

	/**
	 * Opens all connections.
	 */
	final void gather() throws IOException {
		for (int i = 0; i < this.sessions; i++) {
			this.sessionIds.add(null);
			WsClient client = open(port(i), i, null);
			SpokenTo asker = new SpokenTo(client, this.local, i, true);
			this.askers.add(asker);
			this.byClient.put(client, asker);
		}
		await(this.sessions);
		if (this.watched) {
			for (int i = 0; i < this.sessions; i++) {
				WsClient client = open(port(i + 1), i, this.sessionIds.get(i));
				SpokenTo watcher = new SpokenTo(client, this.remote, i, false);
				this.watchers.add(watcher);
				this.byClient.put(client, watcher);
			}
			await(2 * this.sessions);
		}
	}

	/**
	 * Whether all connections have heard so many replies to their end.
	 */
	final boolean heardAll(int replies) {
		return this.failed > 0 || (heard(this.askers, replies) && heard(this.watchers, replies));
	}

	/**
	 * Whether each watcher has heard all that its asker has.
	 */
	final boolean watchersCaughtUp() {
		for (int i = 0; i < this.watchers.size(); i++) {
			if (this.watchers.get(i).replies() < this.askers.get(i).replies()) {
				return false;
			}
		}
		return true;
	}

	/**
	 * A reply was heard to its end by the connection that asked for it.
	 */
	void replied(SpokenTo asker) {
	}

	@Override
	public final void onMessage(WsClient client, Line line) {
		SpokenTo spokenTo = this.byClient.get(client);
		if (spokenTo == null) {
			return;
		}
		if (line.is(DELTA) || line.is(MESSAGE)) {
			if (spokenTo.hear(line, this.order.tokens()) && spokenTo.asks()) {
				replied(spokenTo);
			}
		}
		else if (line.is(INIT)) {
			this.ready++;
			if (spokenTo.asks()) {
				this.sessionIds.set(spokenTo.session(), dialect().sessionId(line));
			}
		}
		else if (line.is(FAILED) || line.is(ERROR)) {
			problem("answered with " + line);
			this.failed++;
		}
	}

	@Override
	public final void onClosed(WsClient client, @Nullable String problem) {
		super.onClosed(client, problem);
		if (problem != null) {
			this.failed++;
		}
	}

	private void await(int connections) throws IOException {
		if (!until(LONGEST, () -> this.ready >= connections || this.failed > 0) || this.failed > 0) {
			throw new IOException("%d of %d connections were made; %s".formatted(this.ready, connections, problems()));
		}
	}

	private int port(int index) {
		return this.ports.get(index % this.ports.size());
	}

	private static boolean heard(List<SpokenTo> connections, int replies) {
		for (SpokenTo connection : connections) {
			if (connection.replies() < replies) {
				return false;
			}
		}
		return true;
	}

}
