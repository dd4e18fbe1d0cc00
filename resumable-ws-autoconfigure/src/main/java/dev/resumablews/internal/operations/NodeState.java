package dev.resumablews.internal.operations;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import dev.resumablews.internal.concurrent.Outage;
import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.status.OutageSource;
import dev.resumablews.internal.status.RelayStatus;
import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import dev.resumablews.internal.status.WriterStatus;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;

/**
 * State of this node, read from its components in memory. Components that are absent or
 * replaced by the application have no state. Safe for use by many threads; does not
 * block.
 */
final class NodeState {

	private final WriterStatus.@Nullable Source writers;

	private final ReplyStatus.@Nullable Source replies;

	private final RelayStatus.@Nullable Source relays;

	private final SignalStatus.@Nullable Source signals;

	private final ConnectionStatus.@Nullable Source connections;

	private final List<OutageSource> outages;

	NodeState(ObjectProvider<WriterStatus.Source> writers, ObjectProvider<ReplyStatus.Source> replies,
			ObjectProvider<RelayStatus.Source> relays, ObjectProvider<SignalStatus.Source> signals,
			ObjectProvider<ConnectionStatus.Source> connections, ObjectProvider<OutageSource> outages) {
		this.writers = writers.getIfAvailable();
		this.replies = replies.getIfAvailable();
		this.relays = relays.getIfAvailable();
		this.signals = signals.getIfAvailable();
		this.connections = connections.getIfAvailable();
		this.outages = outages.orderedStream().toList();
	}

	/**
	 * Requests a probe of the idle writers. A later call of {@link #writers()} returns
	 * its result.
	 */
	void probe() {
		if (this.writers != null) {
			this.writers.probe();
		}
	}

	List<WriterStatus> writers() {
		return (this.writers != null) ? this.writers.writers() : List.of();
	}

	@Nullable ReplyStatus replies() {
		return (this.replies != null) ? this.replies.replies() : null;
	}

	@Nullable RelayStatus relays() {
		return (this.relays != null) ? this.relays.relays() : null;
	}

	@Nullable SignalStatus signals() {
		return (this.signals != null) ? this.signals.signals() : null;
	}

	@Nullable ConnectionStatus connections() {
		return (this.connections != null) ? this.connections.connections() : null;
	}

	List<ConnectionStatus.Client> clients(UUID sessionId) {
		return (this.connections != null) ? this.connections.clients(sessionId) : List.of();
	}

	/**
	 * Returns the current outages, the longest first.
	 */
	List<Outage> outages() {
		return Stream
			.concat(writers().stream().map(WriterStatus::outage),
					this.outages.stream().flatMap((source) -> source.outages().stream()))
			.flatMap(Stream::ofNullable)
			.sorted(Comparator.comparing(Outage::since))
			.toList();
	}

	int waitingEvents() {
		return writers().stream().mapToInt(WriterStatus::waiting).sum();
	}

	Duration oldestWaiting() {
		return writers().stream().map(WriterStatus::oldestWaiting).max(Duration::compareTo).orElse(Duration.ZERO);
	}

}
