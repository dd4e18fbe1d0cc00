package dev.resumablews.observation;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/**
 * Strategy that names and tags the observation of appends to the log. A bean of this type
 * replaces the {@linkplain DefaultAppendObservationConvention default}.
 */
public interface AppendObservationConvention extends ObservationConvention<AppendObservationContext> {

	@Override
	default boolean supportsContext(Observation.Context context) {
		return context instanceof AppendObservationContext;
	}

}
