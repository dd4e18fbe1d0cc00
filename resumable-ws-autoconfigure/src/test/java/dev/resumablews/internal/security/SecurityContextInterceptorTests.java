package dev.resumablews.internal.security;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.ClientMessage;
import dev.resumablews.MessageForbiddenException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authentication.TestingAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.context.ListeningSecurityContextHolderStrategy;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.core.context.SecurityContextHolderStrategy;
import org.springframework.security.core.context.SecurityContextImpl;
import tools.jackson.databind.node.JsonNodeFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class SecurityContextInterceptorTests {

	private final SecurityContextInterceptor interceptor = new SecurityContextInterceptor(
			SecurityContextHolder::getContextHolderStrategy);

	@AfterEach
	void clear() {
		SecurityContextHolder.clearContext();
	}

	@Test
	void theUserIsSetDuringTheCallAndClearedAfterwards() {
		AuthenticatedUser ada = new AuthenticatedUser("ada", null).withAuthorities(Set.of("ROLE_ADMIN"));
		this.interceptor.intercept(message(ada), () -> {
			Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
			assertThat(authentication.getName()).isEqualTo("ada");
			assertThat(authentication.isAuthenticated()).isTrue();
			assertThat(authentication.getPrincipal()).isSameAs(ada);
			assertThat(AuthorityUtils.authorityListToSet(authentication.getAuthorities()))
				.containsExactly("ROLE_ADMIN");
		});
		assertThat(SecurityContextHolder.getContext().getAuthentication()).isNull();
	}

	@Test
	void theAuthenticationIsTheLoginOfTheUser() {
		Authentication login = new TestingAuthenticationToken("ada", "", "ROLE_USER");
		this.interceptor.intercept(message(new AuthenticatedUser("ada", null).withPrincipal(login)),
				() -> assertThat(SecurityContextHolder.getContext().getAuthentication()).isSameAs(login));
	}

	@Test
	void anInheritedContextIsNotRestored() {
		SecurityContextHolder
			.setContext(new SecurityContextImpl(new TestingAuthenticationToken("bob", "", "ROLE_ADMIN")));
		assertThatExceptionOfType(MessageForbiddenException.class)
			.isThrownBy(() -> this.interceptor.intercept(message(new AuthenticatedUser("ada", null)), () -> {
				throw new AccessDeniedException("no");
			}));
		assertThat(SecurityContextHolder.getContext().getAuthentication()).isNull();
	}

	@Test
	void theApplicationsStrategyIsUsed() {
		AtomicInteger changes = new AtomicInteger();
		SecurityContextHolderStrategy own = new ListeningSecurityContextHolderStrategy(
				(event) -> changes.incrementAndGet());
		new SecurityContextInterceptor(() -> own).intercept(message(new AuthenticatedUser("ada", null)),
				() -> assertThat(own.getContext().getAuthentication().getName()).isEqualTo("ada"));
		assertThat(changes).hasValueGreaterThan(0);
	}

	private static ClientMessage message(AuthenticatedUser user) {
		return new ClientMessage(UUID.randomUUID(), user, UUID.randomUUID(), "vote",
				JsonNodeFactory.instance.objectNode(), null, null);
	}

}
