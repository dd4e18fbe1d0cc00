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
 * Runs handlers in the security context of the sender, so that {@code @PreAuthorize} and
 * similar annotations work. A denied access is reported to the client as {@code
 * forbidden}.
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
			throw new MessageForbiddenException("The user is not allowed to send this message", ex);
		}
		finally {
			// does not restore the previous context: the thread may have inherited
			// another user's
			holder.clearContext();
		}
	}

	private static Authentication authentication(AuthenticatedUser user) {
		return (user.principal() instanceof Authentication authentication) ? authentication
				: new UserAuthentication(user);
	}

}
