package dev.resumablews.internal.security;

import java.util.List;
import java.util.function.Supplier;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.security.config.annotation.web.builders.WebSecurity;
import org.springframework.security.web.DefaultSecurityFilterChain;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;

/**
 * Registers a filter chain for exactly the library's paths with Spring Security, ahead of
 * the application's chains. The chain permits every request: the endpoint authenticates
 * clients and checks origins itself, and the scripts contain no secrets.
 * <p>
 * The chain is not a bean. A {@link SecurityFilterChain} bean would make the default
 * chains of Spring Boot and Spring Security back off and leave every other path of the
 * application open. A customizer would run too late, after the chains are added.
 */
final class EndpointFilterChainRegistrar implements BeanPostProcessor {

	private final Supplier<List<String>> paths;

	private final BeanFactory beans;

	/**
	 * Creates a registrar.
	 * @param paths the library's paths; empty if it serves none
	 */
	EndpointFilterChainRegistrar(Supplier<List<String>> paths, BeanFactory beans) {
		this.paths = paths;
		this.beans = beans;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof WebSecurity security) {
			List<String> paths = this.paths.get();
			if (!paths.isEmpty()) {
				security.addSecurityFilterChainBuilder(() -> chain(paths));
			}
		}
		return bean;
	}

	private SecurityFilterChain chain(List<String> paths) {
		PathPatternRequestMatcher.Builder matcher = this.beans.getBeanProvider(PathPatternRequestMatcher.Builder.class)
			.getIfAvailable(PathPatternRequestMatcher::withDefaults);
		List<RequestMatcher> matchers = paths.stream().<RequestMatcher>map(matcher::matcher).toList();
		List<SecurityFilterChain> chains = this.beans.getBeanProvider(SecurityFilterChain.class)
			.orderedStream()
			.toList();
		return new DefaultSecurityFilterChain(new OrRequestMatcher(matchers), new LoginFilter(chains));
	}

}
