package dev.resumablews.internal.operations;

import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import dev.resumablews.internal.status.ConnectionStatus;
import dev.resumablews.internal.status.RelayStatus;
import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import dev.resumablews.internal.status.WriterStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * Gauges of this node's state, without tags.
 */
final class ResumableWsMeters implements MeterBinder {

	private final NodeState state;

	ResumableWsMeters(NodeState state) {
		this.state = state;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		gauge(registry, "resumable.ws.log.waiting", "Events waiting to be stored", NodeState::waitingEvents);
		TimeGauge
			.builder("resumable.ws.log.oldest.waiting", this.state, TimeUnit.MILLISECONDS,
					(state) -> state.oldestWaiting().toMillis())
			.description("Time the oldest event has been waiting to be stored")
			.register(registry);
		gauge(registry, "resumable.ws.log.failing.writers", "Log writers whose last attempt failed",
				(state) -> state.writers().stream().map(WriterStatus::outage).filter(Objects::nonNull).count());
		gauge(registry, "resumable.ws.replies.running", "Replies running on this node",
				(state) -> value(state.replies(), ReplyStatus::running));
		gauge(registry, "resumable.ws.replies.waiting", "Queued replies of all nodes, as last read by this node",
				(state) -> value(state.replies(), ReplyStatus::waiting));
		gauge(registry, "resumable.ws.relays.open", "Relays held by this node",
				(state) -> value(state.relays(), RelayStatus::open));
		gauge(registry, "resumable.ws.connections.unauthenticated", "WebSockets waiting for their first message",
				(state) -> value(state.connections(), ConnectionStatus::unauthenticated));
		gauge(registry, "resumable.ws.signals.connected", "Whether signals of other nodes arrive: 1 or 0",
				(state) -> value(state.signals(), (SignalStatus signals) -> signals.connected() ? 1 : 0));
	}

	private void gauge(MeterRegistry registry, String name, String description, ToDoubleFunction<NodeState> value) {
		Gauge.builder(name, this.state, value).description(description).register(registry);
	}

	private static <S> double value(@Nullable S status, ToDoubleFunction<S> value) {
		return (status != null) ? value.applyAsDouble(status) : 0;
	}

}
