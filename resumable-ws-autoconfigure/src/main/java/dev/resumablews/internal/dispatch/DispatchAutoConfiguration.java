package dev.resumablews.internal.dispatch;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.HandshakeAuthenticator;
import dev.resumablews.internal.connection.ConnectionAutoConfiguration;
import dev.resumablews.internal.connection.ConnectionServices;
import dev.resumablews.internal.connection.StorageQuota;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.UserMessages;
import dev.resumablews.internal.workers.Workers;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;

/**
 * Auto-configuration of what handles the messages of clients.
 */
@AutoConfiguration(after = ConnectionAutoConfiguration.class)
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnBean(ConnectionServices.class)
public final class DispatchAutoConfiguration {

	/**
	 * What clients send to this library and not to the application.
	 */
	private static final Set<String> OWN_TYPES = Set.of("auth", "cancel", "ping", "resume");

	private static final Set<String> NEVER_EPHEMERAL = Set.of("auth", "cancel", "ping", "resume", "user_message");

	@Bean
	EphemeralMessages resumableWsEphemeralMessages(ObjectProvider<EphemeralMessageHandler> handlers, Workers workers) {
		return new EphemeralMessages(
				byType(handlers.orderedStream().toList(), EphemeralMessageHandler::type, NEVER_EPHEMERAL),
				workers.ephemeral());
	}

	@Bean
	DispatcherServices resumableWsDispatcherServices(UserMessages messages, Replies replies, IdempotentExecutor once,
			HandshakeAuthenticator authenticator, ObjectProvider<ClientMessageHandler> handlers,
			EphemeralMessages ephemerals, Workers workers, StorageQuota quota, ObjectProvider<RelayMessages> relays) {
		return new DispatcherServices(new FrameReader(), messages, replies, once, authenticator,
				notRelayed(byType(handlers.orderedStream().toList(), ClientMessageHandler::type, OWN_TYPES),
						relays.getIfAvailable()),
				ephemerals, workers, new MessageBacklog.Total(), quota, relays.getIfAvailable());
	}

	private static <H> Map<String, H> byType(List<H> handlers, Function<H, String> type, Set<String> refused) {
		handlers.forEach((handler) -> {
			if (refused.contains(type.apply(handler))) {
				throw new IllegalStateException(
						"Messages of type '%s' are the protocol's own, so %s would never be called"
							.formatted(type.apply(handler), handler.getClass().getName()));
			}
		});
		return handlers.stream().collect(Collectors.toMap(type, (handler) -> handler, (first, second) -> {
			throw new IllegalStateException("Two beans handle messages of type '%s': %s and %s"
				.formatted(type.apply(first), first.getClass().getName(), second.getClass().getName()));
		}));
	}

	private static Map<String, ClientMessageHandler> notRelayed(Map<String, ClientMessageHandler> handlers,
			@Nullable RelayMessages relays) {
		handlers.forEach((type, handler) -> {
			if (relays != null && relays.handles(type)) {
				throw new IllegalStateException(
						"Messages of type '%s' are forwarded by a relay, so %s would never be called".formatted(type,
								handler.getClass().getName()));
			}
		});
		return handlers;
	}

}
