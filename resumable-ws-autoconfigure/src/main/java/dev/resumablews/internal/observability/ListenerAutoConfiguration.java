package dev.resumablews.internal.observability;

import dev.resumablews.ResumableWsListener;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the dispatcher that notifies the application's listeners.
 */
@AutoConfiguration
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class ListenerAutoConfiguration {

	@Bean
	ListenerDispatcher resumableWsListenerDispatcher(ObjectProvider<ResumableWsListener> listeners,
			ApplicationEventPublisher events) {
		return new ListenerDispatcher(() -> listeners.orderedStream().toList(), events::publishEvent);
	}

}
