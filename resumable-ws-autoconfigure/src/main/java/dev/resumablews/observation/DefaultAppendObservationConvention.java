package dev.resumablews.observation;

import java.util.Locale;

import dev.resumablews.observation.ResumableWsObservation.AppendDetails;
import dev.resumablews.observation.ResumableWsObservation.AppendKeys;
import io.micrometer.common.KeyValues;

/**
 * Default {@link AppendObservationConvention}. Immutable.
 */
public class DefaultAppendObservationConvention implements AppendObservationConvention {

	@Override
	public String getName() {
		return ResumableWsObservation.APPEND.getName();
	}

	@Override
	public String getContextualName(AppendObservationContext context) {
		return "append " + source(context);
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(AppendObservationContext context) {
		return KeyValues.of(AppendKeys.SOURCE.withValue(source(context)),
				AppendKeys.OUTCOME.withValue(context.getOutcome()));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(AppendObservationContext context) {
		Long eventId = context.getEventId();
		return KeyValues.of(AppendDetails.SESSION.withValue(String.valueOf(context.getSessionId())),
				AppendDetails.TYPE.withValue(context.getType()),
				AppendDetails.EVENT.withValue((eventId != null) ? String.valueOf(eventId) : "none"));
	}

	private static String source(AppendObservationContext context) {
		return context.getSource().name().toLowerCase(Locale.ROOT);
	}

}
