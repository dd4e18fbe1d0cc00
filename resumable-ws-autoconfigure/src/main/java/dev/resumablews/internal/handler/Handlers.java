package dev.resumablews.internal.handler;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * The application's handlers, by the type of message, and the one place that calls them.
 * They are collected when all singletons are there, before the first message comes. Safe
 * for use by many threads.
 */
public final class Handlers implements SmartInitializingSingleton {

	/**
	 * What clients send to this library and not to the application.
	 */
	private static final Set<String> OWN_TYPES = Set.of("auth", "cancel", "ping", "resume");

	private static final Set<String> NEVER_EPHEMERAL = Set.of("auth", "cancel", "ping", "resume", "user_message");

	private final ObjectProvider<ClientMessageHandler> messageBeans;

	private final ObjectProvider<EphemeralMessageHandler> ephemeralBeans;

	private final ObjectProvider<HandlerInterceptor> interceptorBeans;

	private final Predicate<String> relayed;

	private volatile Map<String, Handler> messages = Map.of();

	private volatile Map<String, Handler> ephemerals = Map.of();

	/**
	 * Creates the handlers.
	 * @param relayed which types of message are forwarded by a relay
	 */
	Handlers(ObjectProvider<ClientMessageHandler> messages, ObjectProvider<EphemeralMessageHandler> ephemerals,
			ObjectProvider<HandlerInterceptor> interceptors, Predicate<String> relayed) {
		this.messageBeans = messages;
		this.ephemeralBeans = ephemerals;
		this.interceptorBeans = interceptors;
		this.relayed = relayed;
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<HandlerInterceptor> interceptors = this.interceptorBeans.orderedStream().toList();
		Map<String, Handler> messages = new HashMap<>();
		this.messageBeans.orderedStream()
			.forEach((bean) -> add(messages, OWN_TYPES,
					new Handler(bean.type(), bean.getClass().getName(), bean::handle, interceptors)));
		messages.forEach((type, handler) -> {
			if (this.relayed.test(type)) {
				throw new ResumableWsConfigurationException(
						"Messages of type '%s' are forwarded by a relay, so %s would never be called.".formatted(type,
								handler.name()),
						"Remove the handler, or give the relay another name.");
			}
		});
		Map<String, Handler> ephemerals = new HashMap<>();
		this.ephemeralBeans.orderedStream()
			.forEach((bean) -> add(ephemerals, NEVER_EPHEMERAL,
					new Handler(bean.type(), bean.getClass().getName(), bean::handle, interceptors)));
		this.messages = Map.copyOf(messages);
		this.ephemerals = Map.copyOf(ephemerals);
	}

	/**
	 * Returns the handler of a type of message.
	 * @param type the type
	 * @return the handler; null if there is none
	 */
	public @Nullable Handler message(String type) {
		return this.messages.get(type);
	}

	/**
	 * Returns the handler of a type of ephemeral message.
	 * @param type the type
	 * @return the handler; null if there is none
	 */
	public @Nullable Handler ephemeral(String type) {
		return this.ephemerals.get(type);
	}

	private static void add(Map<String, Handler> handlers, Set<String> refused, Handler handler) {
		if (refused.contains(handler.type())) {
			throw new ResumableWsConfigurationException(
					"Messages of type '%s' are the protocol's own, so %s would never be called."
						.formatted(handler.type(), handler.name()),
					"Let the handler have another type.");
		}
		Handler other = handlers.putIfAbsent(handler.type(), handler);
		if (other != null) {
			throw new ResumableWsConfigurationException("Two beans handle messages of type '%s': %s and %s."
				.formatted(handler.type(), other.name(), handler.name()),
					"Remove one of them, or let them have different types.");
		}
	}

	/**
	 * A handler of the application.
	 */
	public static final class Handler {

		private final String type;

		private final String name;

		private final Consumer<ClientMessage> target;

		private final List<HandlerInterceptor> interceptors;

		private Handler(String type, String name, Consumer<ClientMessage> target,
				List<HandlerInterceptor> interceptors) {
			this.type = type;
			this.name = name;
			this.target = target;
			this.interceptors = interceptors;
		}

		/**
		 * Returns the type of message it handles.
		 */
		public String type() {
			return this.type;
		}

		/**
		 * Returns what to call it in a message to the developer.
		 */
		public String name() {
			return this.name;
		}

		/**
		 * Calls the handler, with the interceptors around it. Throws what they throw.
		 * @param message the message
		 */
		public void handle(ClientMessage message) {
			call(message, 0);
		}

		private void call(ClientMessage message, int interceptor) {
			if (interceptor == this.interceptors.size()) {
				this.target.accept(message);
			}
			else {
				this.interceptors.get(interceptor).intercept(message, () -> call(message, interceptor + 1));
			}
		}

	}

}
