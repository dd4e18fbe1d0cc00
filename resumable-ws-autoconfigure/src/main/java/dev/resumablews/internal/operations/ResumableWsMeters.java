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
 * Gauges of this node's state. None has a tag.
 */
final class ResumableWsMeters implements MeterBinder {

	private final NodeState state;

	ResumableWsMeters(NodeState state) {
		this.state = state;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		gauge(registry, "resumable.ws.log.waiting", "Events that wait to be stored", NodeState::waitingEvents);
		TimeGauge
			.builder("resumable.ws.log.oldest.waiting", this.state, TimeUnit.MILLISECONDS,
					(state) -> state.oldestWaiting().toMillis())
			.description("Time for which the oldest event has waited to be stored")
			.register(registry);
		gauge(registry, "resumable.ws.log.failing.writers", "Writers of the log whose last attempt failed",
				(state) -> state.writers().stream().map(WriterStatus::outage).filter(Objects::nonNull).count());
		gauge(registry, "resumable.ws.replies.running", "Replies that run on this node",
				(state) -> value(state.replies(), ReplyStatus::running));
		gauge(registry, "resumable.ws.replies.waiting",
				"Replies that wait for their turn on all nodes, as far as this node knows",
				(state) -> value(state.replies(), ReplyStatus::waiting));
		gauge(registry, "resumable.ws.relays.open", "Relays that this node holds",
				(state) -> value(state.relays(), RelayStatus::open));
		gauge(registry, "resumable.ws.connections.unauthenticated", "WebSockets that wait for their first message",
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
