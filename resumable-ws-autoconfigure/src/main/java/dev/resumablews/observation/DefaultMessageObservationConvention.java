package dev.resumablews.observation;

import dev.resumablews.observation.ResumableWsObservation.MessageDetails;
import dev.resumablews.observation.ResumableWsObservation.MessageKeys;
import io.micrometer.common.KeyValues;

/**
 * Default {@link MessageObservationConvention}. Immutable.
 */
public class DefaultMessageObservationConvention implements MessageObservationConvention {

	@Override
	public String getName() {
		return ResumableWsObservation.MESSAGE.getName();
	}

	@Override
	public String getContextualName(MessageObservationContext context) {
		return "message " + context.getType();
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(MessageObservationContext context) {
		return KeyValues.of(MessageKeys.TYPE.withValue(context.getType()),
				MessageKeys.OUTCOME.withValue(context.getOutcome()));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(MessageObservationContext context) {
		return KeyValues.of(MessageDetails.SESSION.withValue(String.valueOf(context.getSessionId())),
				MessageDetails.CONNECTION.withValue(String.valueOf(context.getConnectionId())));
	}

}
