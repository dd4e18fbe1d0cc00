package dev.resumablews.internal.log;

import dev.resumablews.internal.log.AppendRequest.Event;
import dev.resumablews.internal.log.AppendRequest.Message;
import dev.resumablews.internal.log.AppendRequest.RelayEvent;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import dev.resumablews.internal.log.AppendRequest.Role;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.observation.AppendObservationContext;
import dev.resumablews.observation.AppendObservationContext.Source;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * Observes appends except deltas: a reply has hundreds of deltas and is observed itself.
 */
final class AppendObservation {

	private AppendObservation() {
	}

	static Observation start(Observations observations, AppendRequest request) {
		if (request instanceof ReplyEvent event && event.role() == Role.DELTA) {
			return Observation.NOOP;
		}
		return observations.append(source(request), request.sessionId(), request.type());
	}

	static void stop(Observation observation, @Nullable AppendResult appended, @Nullable Throwable failure) {
		if (observation.getContext() instanceof AppendObservationContext context) {
			if (appended != null) {
				context.setEventId(appended.eventId());
				context.setOutcome(appended.duplicate() ? "duplicate" : "stored");
			}
			else {
				context.setOutcome("failed");
			}
		}
		if (failure != null) {
			observation.error(failure);
		}
		Observations.stop(observation);
	}

	private static Source source(AppendRequest request) {
		if (request instanceof Event) {
			return Source.APPLICATION;
		}
		if (request instanceof Message) {
			return Source.CLIENT;
		}
		if (request instanceof RelayEvent) {
			return Source.RELAY;
		}
		return Source.REPLY;
	}

}
