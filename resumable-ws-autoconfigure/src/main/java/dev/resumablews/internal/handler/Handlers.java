package dev.resumablews.internal.handler;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import dev.resumablews.ClientMessage;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.SmartInitializingSingleton;

/**
 * Registry of the application's handlers by message type. Collects them after all
 * singletons are created, before the first message arrives. Safe for use by multiple
 * threads.
 */
public final class Handlers implements SmartInitializingSingleton {

	/**
	 * Message types that the library handles itself.
	 */
	private static final Set<String> OWN_TYPES = Set.of("auth", "cancel", "ping", "resume");

	private static final Set<String> NEVER_EPHEMERAL = Set.of("auth", "cancel", "ping", "resume", "user_message");

	private final ObjectProvider<MappingSource> sources;

	private final ObjectProvider<HandlerInterceptor> interceptors;

	private final Predicate<String> relayed;

	private final HandlerFailures failures = new HandlerFailures(System::nanoTime);

	private volatile Map<String, Handler> messages = Map.of();

	private volatile Map<String, Handler> ephemerals = Map.of();

	/**
	 * Creates a registry.
	 * @param relayed matches the message types that a relay forwards
	 */
	Handlers(ObjectProvider<MappingSource> sources, ObjectProvider<HandlerInterceptor> interceptors,
			Predicate<String> relayed) {
		this.sources = sources;
		this.interceptors = interceptors;
		this.relayed = relayed;
	}

	@Override
	public void afterSingletonsInstantiated() {
		List<HandlerInterceptor> interceptors = this.interceptors.orderedStream().toList();
		Map<String, Handler> messages = new HashMap<>();
		Map<String, Handler> ephemerals = new HashMap<>();
		this.sources.orderedStream().flatMap((source) -> source.find().stream()).forEach((mapping) -> {
			check(mapping);
			Handler handler = new Handler(mapping, interceptors);
			Handler other = (mapping.ephemeral() ? ephemerals : messages).putIfAbsent(mapping.type(), handler);
			if (other != null) {
				throw new ResumableWsConfigurationException("Messages of type '%s' have two handlers: %s and %s."
					.formatted(mapping.type(), other.name(), handler.name()), "Remove one of them.");
			}
		});
		this.messages = Map.copyOf(messages);
		this.ephemerals = Map.copyOf(ephemerals);
	}

	private void check(Mapping mapping) {
		if ((mapping.ephemeral() ? NEVER_EPHEMERAL : OWN_TYPES).contains(mapping.type())) {
			throw new ResumableWsConfigurationException(
					"Messages of type '%s' are the protocol's own, so %s would never be called."
						.formatted(mapping.type(), mapping.name()),
					"Choose another type.");
		}
		if (!mapping.ephemeral() && this.relayed.test(mapping.type())) {
			throw new ResumableWsConfigurationException(
					"Messages of type '%s' are forwarded by a relay, so %s would never be called.".formatted(
							mapping.type(), mapping.name()),
					"Choose another type, or take this one out of the relay.");
		}
	}

	/**
	 * Returns the log of handler failures.
	 */
	public HandlerFailures failures() {
		return this.failures;
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

	/**
	 * A handler of the application, called through the interceptors.
	 */
	public static final class Handler {

		private final Mapping mapping;

		private final List<HandlerInterceptor> interceptors;

		private Handler(Mapping mapping, List<HandlerInterceptor> interceptors) {
			this.mapping = mapping;
			this.interceptors = interceptors;
		}

		/**
		 * Returns the message type.
		 */
		public String type() {
			return this.mapping.type();
		}

		/**
		 * Returns the handler's name for log messages.
		 */
		public String name() {
			return this.mapping.name();
		}

		/**
		 * Calls the handler through the interceptors and rethrows their exceptions.
		 * @param message the message
		 */
		public void handle(ClientMessage message) {
			call(message, 0);
		}

		private void call(ClientMessage message, int interceptor) {
			if (interceptor == this.interceptors.size()) {
				this.mapping.target().accept(message);
			}
			else {
				this.interceptors.get(interceptor).intercept(message, () -> call(message, interceptor + 1));
			}
		}

	}

}
