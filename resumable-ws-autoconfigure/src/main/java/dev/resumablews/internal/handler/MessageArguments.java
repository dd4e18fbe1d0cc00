package dev.resumablews.internal.handler;

import java.security.Principal;
import java.util.Objects;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.ResumableSession;
import org.jspecify.annotations.Nullable;

import org.springframework.core.MethodParameter;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.invocation.HandlerMethodArgumentResolver;

/**
 * Resolves parameters for the message itself, its session and its sender.
 */
final class MessageArguments implements HandlerMethodArgumentResolver {

	private final SessionHandles sessions;

	MessageArguments(SessionHandles sessions) {
		this.sessions = sessions;
	}

	@Override
	public boolean supportsParameter(MethodParameter parameter) {
		Class<?> type = parameter.getParameterType();
		return type == ClientMessage.class || type == ResumableSession.class || type == AuthenticatedUser.class
				|| Principal.class.isAssignableFrom(type);
	}

	@Override
	public @Nullable Object resolveArgument(MethodParameter parameter, Message<?> received) {
		ClientMessage message = (ClientMessage) Objects
			.requireNonNull(received.getHeaders().get(AnnotatedMethod.CLIENT_MESSAGE));
		Class<?> type = parameter.getParameterType();
		if (type == ClientMessage.class) {
			return message;
		}
		if (type == ResumableSession.class) {
			return this.sessions.of(message);
		}
		return (type == AuthenticatedUser.class) ? message.user() : principal(parameter, message.user());
	}

	/**
	 * Returns the user's principal or, for a plain {@link Principal} parameter, one with
	 * the user's name. User messages carry no other principal.
	 */
	private static Principal principal(MethodParameter parameter, AuthenticatedUser user) {
		Class<?> type = parameter.getParameterType();
		Principal principal = user.principal();
		if (type.isInstance(principal)) {
			return Objects.requireNonNull(principal);
		}
		if (type == Principal.class) {
			return user::userId;
		}
		throw new IllegalStateException("The user has no %s, which %s.%s() requires".formatted(type.getName(),
				parameter.getDeclaringClass().getName(), parameter.getExecutable().getName()));
	}

}
