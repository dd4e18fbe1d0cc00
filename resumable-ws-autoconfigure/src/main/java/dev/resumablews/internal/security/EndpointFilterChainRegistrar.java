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
 * Gives Spring Security a filter chain for exactly the library's paths, before it gets
 * those of the application. The chain refuses nothing: the endpoint authenticates its
 * clients and checks origins itself, and the scripts hold no secret.
 * <p>
 * It is not a bean. For a {@link SecurityFilterChain} bean Spring Boot's and Spring
 * Security's default chains would step back, and every other path of the application
 * would be open. A customizer comes too late: chains are added before it runs.
 */
final class EndpointFilterChainRegistrar implements BeanPostProcessor {

	private final Supplier<List<String>> paths;

	private final BeanFactory beans;

	/**
	 * Creates it.
	 * @param paths the library's paths; none where it has none
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
