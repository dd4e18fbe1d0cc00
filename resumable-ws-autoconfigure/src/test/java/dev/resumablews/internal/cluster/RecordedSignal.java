package dev.resumablews.internal.cluster;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import dev.resumablews.internal.node.NodeNotification;
import org.jspecify.annotations.Nullable;

/**
 * Records what is sent, and delivers signals of another node on behalf of a test.
 */
final class RecordedSignal implements ClusterSignal {

	private final List<String> texts = new CopyOnWriteArrayList<>();

	private volatile @Nullable Receiver receiver;

	@Override
	public void start(Receiver receiver) {
		this.receiver = receiver;
	}

	@Override
	public void send(List<String> texts) {
		this.texts.addAll(texts);
	}

	@Override
	public void close() {
		this.receiver = null;
	}

	/**
	 * Returns the texts that were sent.
	 */
	List<String> texts() {
		return this.texts;
	}

	/**
	 * Returns the receiver of signals of other nodes; null while the signal is stopped.
	 */
	@Nullable Receiver receiver() {
		return this.receiver;
	}

	List<UUID> sessionIds() {
		return signals().flatMap((signal) -> signal.sessionIds().stream()).toList();
	}

	long notificationCount() {
		return signals().filter((signal) -> signal.notifications().contains(NodeNotification.REPLIES)).count();
	}

	/**
	 * Delivers a notification of another node.
	 */
	void receiveNotification(UUID node) {
		Receiver receiver = Objects.requireNonNull(this.receiver);
		SignalCodec.write(node, List.of(), List.of(), Set.of(NodeNotification.REPLIES)).forEach(receiver::received);
	}

	private Stream<SignalCodec> signals() {
		return this.texts.stream().map(SignalCodec::read).filter(Objects::nonNull).map(Objects::requireNonNull);
	}

}
