package dev.resumablews.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Strategy that names and tags the observation of messages of clients. A bean of this
 * type replaces the {@linkplain DefaultMessageObservationConvention default}.
 */
public interface MessageObservationConvention extends ObservationConvention<MessageObservationContext> {

	@Override
	default boolean supportsContext(Observation.Context context) {
		return context instanceof MessageObservationContext;
	}

}
