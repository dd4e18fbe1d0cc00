package dev.resumablews.internal.security;

import java.util.function.Supplier;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.MessageForbiddenException;
import dev.resumablews.internal.handler.HandlerInterceptor;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolderStrategy;

/**
 * Runs handlers as the user who sent the message, so that {@code @PreAuthorize} and the
 * like work there. A user who may not send a message is told so.
 */
final class SecurityContextInterceptor implements HandlerInterceptor {

	private final Supplier<SecurityContextHolderStrategy> strategy;

	SecurityContextInterceptor(Supplier<SecurityContextHolderStrategy> strategy) {
		this.strategy = strategy;
	}

	@Override
	public void intercept(ClientMessage message, Runnable call) {
		SecurityContextHolderStrategy holder = this.strategy.get();
		SecurityContext context = holder.createEmptyContext();
		context.setAuthentication(authentication(message.user()));
		holder.setContext(context);
		try {
			call.run();
		}
		catch (AccessDeniedException | AuthenticationException ex) {
			throw new MessageForbiddenException("The user may not send this message", ex);
		}
		finally {
			// not what was there before: a thread may have inherited another user's
			holder.clearContext();
		}
	}

	private static Authentication authentication(AuthenticatedUser user) {
		return (user.principal() instanceof Authentication authentication) ? authentication
				: new UserAuthentication(user);
	}

}
