package dev.resumablews.internal.handler;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.relay.RelayMessages;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of what calls the application's handlers.
 */
@AutoConfiguration(afterName = "dev.resumablews.internal.log.LogAutoConfiguration")
@ConditionalOnBean(EventLog.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class HandlerAutoConfiguration {

	@Bean
	Handlers resumableWsHandlers(ObjectProvider<ClientMessageHandler> messages,
			ObjectProvider<EphemeralMessageHandler> ephemerals, ObjectProvider<HandlerInterceptor> interceptors,
			ObjectProvider<RelayMessages> relays) {
		return new Handlers(messages, ephemerals, interceptors, (type) -> {
			RelayMessages relay = relays.getIfAvailable();
			return relay != null && relay.handles(type);
		});
	}

}
