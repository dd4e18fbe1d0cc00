package dev.resumablews.internal.observation;

import dev.resumablews.observation.AppendObservationConvention;
import dev.resumablews.observation.MessageObservationConvention;
import dev.resumablews.observation.ReplyObservationConvention;
import io.micrometer.observation.ObservationRegistry;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the observations, for applications that have an observation
 * registry. Single observations can be disabled with Boot's {@code
 * management.observations.enable} properties.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class ObservationAutoConfiguration {

	@Bean
	Observations resumableWsObservations(ObjectProvider<ObservationRegistry> registry,
			ObjectProvider<MessageObservationConvention> messages, ObjectProvider<AppendObservationConvention> appends,
			ObjectProvider<ReplyObservationConvention> replies) {
		return new Observations(registry.getIfUnique(() -> ObservationRegistry.NOOP), messages.getIfAvailable(),
				appends.getIfAvailable(), replies.getIfAvailable());
	}

}
