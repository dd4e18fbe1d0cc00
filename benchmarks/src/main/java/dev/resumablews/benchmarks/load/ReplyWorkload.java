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
 * Requests replies in many sessions and receives them: on the connection that requests
 * them and, on demand, on a second connection to the next server.
 */
abstract class ReplyWorkload extends Workload {

	static final Duration TIMEOUT = Duration.ofSeconds(40);

	private final List<Integer> ports;

	private final int sessions;

	private final ReplyOrder order;

	private final boolean watched;

	private final List<ReplyReceiver> requesters = new ArrayList<>();

	private final List<ReplyReceiver> watchers = new ArrayList<>();

	private final Map<WsClient, ReplyReceiver> byClient = new HashMap<>();

	private final List<@Nullable String> sessionIds = new ArrayList<>();

	private final Tally local = new Tally();

	private final Tally remote = new Tally();

	private int ready;

	private int failed;

	ReplyWorkload(EventLoop loop, String dialect, List<Integer> ports, int sessions, ReplyOrder order,
			boolean watched) {
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

	final List<ReplyReceiver> requesters() {
		return this.requesters;
	}

	final void requestReply(ReplyReceiver requester) {
		requester.request(this.order, dialect());
	}

	/**
	 * Opens all connections.
	 */
	final void connectAll() throws IOException {
		for (int i = 0; i < this.sessions; i++) {
			this.sessionIds.add(null);
			WsClient client = open(port(i), i, null);
			ReplyReceiver requester = new ReplyReceiver(client, this.local, i, true);
			this.requesters.add(requester);
			this.byClient.put(client, requester);
		}
		await(this.sessions);
		if (this.watched) {
			for (int i = 0; i < this.sessions; i++) {
				WsClient client = open(port(i + 1), i, this.sessionIds.get(i));
				ReplyReceiver watcher = new ReplyReceiver(client, this.remote, i, false);
				this.watchers.add(watcher);
				this.byClient.put(client, watcher);
			}
			await(2 * this.sessions);
		}
	}

	/**
	 * Returns whether all connections have received this number of complete replies, or
	 * one has failed.
	 */
	final boolean receivedAll(int replies) {
		return this.failed > 0 || (received(this.requesters, replies) && received(this.watchers, replies));
	}

	/**
	 * Returns whether each watcher has received as many replies as its requester.
	 */
	final boolean watchersCaughtUp() {
		for (int i = 0; i < this.watchers.size(); i++) {
			if (this.watchers.get(i).replies() < this.requesters.get(i).replies()) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Called when a requester has received a complete reply.
	 */
	void replied(ReplyReceiver requester) {
	}

	@Override
	public final void onMessage(WsClient client, Line line) {
		ReplyReceiver receiver = this.byClient.get(client);
		if (receiver == null) {
			return;
		}
		if (line.is(DELTA) || line.is(MESSAGE)) {
			if (receiver.receive(line, this.order.tokens()) && receiver.isRequester()) {
				replied(receiver);
			}
		}
		else if (line.is(INIT)) {
			this.ready++;
			if (receiver.isRequester()) {
				this.sessionIds.set(receiver.session(), dialect().sessionId(line));
			}
		}
		else if (line.is(FAILED) || line.is(ERROR)) {
			problem("the server sent " + line);
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
		if (!until(TIMEOUT, () -> this.ready >= connections || this.failed > 0) || this.failed > 0) {
			throw new IOException("%d of %d connections opened; %s".formatted(this.ready, connections, problems()));
		}
	}

	private int port(int index) {
		return this.ports.get(index % this.ports.size());
	}

	private static boolean received(List<ReplyReceiver> connections, int replies) {
		for (ReplyReceiver connection : connections) {
			if (connection.replies() < replies) {
				return false;
			}
		}
		return true;
	}

}
