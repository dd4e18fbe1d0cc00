package dev.resumablews.internal.cluster;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

import dev.resumablews.internal.node.Bell;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is sent, and passes on what a test says that another node has sent.
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
	 * Returns what was sent.
	 */
	List<String> texts() {
		return this.texts;
	}

	/**
	 * Returns what is notified of what other nodes send; null while it is stopped.
	 */
	@Nullable Receiver receiver() {
		return this.receiver;
	}

	List<UUID> sessionIds() {
		return signals().flatMap((signal) -> signal.sessionIds().stream()).toList();
	}

	long rings() {
		return signals().filter((signal) -> signal.bells().contains(Bell.REPLIES)).count();
	}

	/**
	 * Receives what another node sends to ring the doorbell.
	 */
	void ring(UUID node) {
		Receiver receiver = Objects.requireNonNull(this.receiver);
		SignalCodec.write(node, List.of(), List.of(), Set.of(Bell.REPLIES)).forEach(receiver::received);
	}

	private Stream<SignalCodec> signals() {
		return this.texts.stream().map(SignalCodec::read).filter(Objects::nonNull).map(Objects::requireNonNull);
	}

}
