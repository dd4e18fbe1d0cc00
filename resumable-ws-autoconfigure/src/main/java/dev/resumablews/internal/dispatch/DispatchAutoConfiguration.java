package dev.resumablews.internal.dispatch;

import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.connection.ConnectionAutoConfiguration;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.connection.StorageQuota;
import dev.resumablews.internal.handler.HandlerAutoConfiguration;
import dev.resumablews.internal.handler.Handlers;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.UserMessages;
import dev.resumablews.internal.workers.Workers;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration of the processing of client messages.
 */
@AutoConfiguration(after = { ConnectionAutoConfiguration.class, HandlerAutoConfiguration.class })
@ConditionalOnBean(ConnectionServices.class)
public final class DispatchAutoConfiguration {

	@Bean
	EphemeralMessages resumableWsEphemeralMessages(Handlers handlers, Workers workers) {
		return new EphemeralMessages(handlers, workers.ephemeral());
	}

	@Bean
	DispatcherServices resumableWsDispatcherServices(UserMessages messages, Replies replies, IdempotentExecutor once,
			HandshakeAuthenticator authenticator, Handlers handlers, EphemeralMessages ephemerals, Workers workers,
			StorageQuota quota, ObjectProvider<RelayMessages> relays, ObjectProvider<Observations> observations) {
		return new DispatcherServices(new FrameReader(), messages, replies, once, authenticator, handlers, ephemerals,
				workers, new MessageBacklog.Total(), quota, relays.getIfAvailable(),
				observations.getIfAvailable(() -> Observations.NONE));
	}

}
