package dev.resumablews.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Strategy that names and tags the observation of attempts at replies. A bean of this
 * type replaces the {@linkplain DefaultReplyObservationConvention default}.
 */
public interface ReplyObservationConvention extends ObservationConvention<ReplyObservationContext> {

	@Override
	default boolean supportsContext(Observation.Context context) {
		return context instanceof ReplyObservationContext;
	}

}
