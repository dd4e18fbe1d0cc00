package dev.resumablews.observation;

import dev.resumablews.observation.ResumableWsObservation.ReplyDetails;
import dev.resumablews.observation.ResumableWsObservation.ReplyKeys;
import io.micrometer.common.KeyValues;

/**
 * Default {@link ReplyObservationConvention}. Immutable.
 */
public class DefaultReplyObservationConvention implements ReplyObservationConvention {

	@Override
	public String getName() {
		return ResumableWsObservation.REPLY.getName();
	}

	@Override
	public String getContextualName(ReplyObservationContext context) {
		return "reply";
	}

	@Override
	public KeyValues getLowCardinalityKeyValues(ReplyObservationContext context) {
		return KeyValues.of(ReplyKeys.OUTCOME.withValue(context.getOutcome()));
	}

	@Override
	public KeyValues getHighCardinalityKeyValues(ReplyObservationContext context) {
		return KeyValues.of(ReplyDetails.SESSION.withValue(String.valueOf(context.getSessionId())),
				ReplyDetails.MESSAGE.withValue(String.valueOf(context.getMessageId())),
				ReplyDetails.IN_REPLY_TO.withValue(String.valueOf(context.getInReplyTo())),
				ReplyDetails.ATTEMPT.withValue(String.valueOf(context.getAttempt())));
	}

}
