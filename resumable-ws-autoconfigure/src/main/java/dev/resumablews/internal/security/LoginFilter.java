package dev.resumablews.internal.security;

import java.io.IOException;
import java.util.List;
import java.util.Set;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;

import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.rememberme.RememberMeAuthenticationFilter;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;
import org.springframework.security.web.context.SecurityContextHolderFilter;
import org.springframework.security.web.servletapi.SecurityContextHolderAwareRequestFilter;
import org.springframework.security.web.session.ConcurrentSessionFilter;
import org.springframework.web.filter.CompositeFilter;

/**
 * Determines the logged-in user without rejecting anonymous requests. Runs the login
 * filters of the application's own chain for the request, in their order, since they know
 * where logins are stored. Without such a chain, the login is read from the HTTP session.
 */
final class LoginFilter implements Filter {

	private static final Set<Class<? extends Filter>> FINDING_OUT = Set.of(SecurityContextHolderFilter.class,
			ConcurrentSessionFilter.class, RememberMeAuthenticationFilter.class,
			SecurityContextHolderAwareRequestFilter.class);

	private final List<Login> logins;

	private final Filter otherwise;

	/**
	 * Creates a filter.
	 * @param chains the application's chains, in order
	 */
	LoginFilter(List<SecurityFilterChain> chains) {
		this.logins = chains.stream().map((chain) -> new Login(chain, composite(findingOut(chain)))).toList();
		this.otherwise = composite(
				List.of(new SecurityContextHolderFilter(new HttpSessionSecurityContextRepository()), awareOfLogins()));
	}

	@Override
	public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
			throws IOException, ServletException {
		filterOf((HttpServletRequest) request).doFilter(request, response, chain);
	}

	private Filter filterOf(HttpServletRequest request) {
		for (Login login : this.logins) {
			if (login.chain().matches(request)) {
				return login.filter();
			}
		}
		return this.otherwise;
	}

	private static List<Filter> findingOut(SecurityFilterChain chain) {
		return chain.getFilters()
			.stream()
			.filter((filter) -> FINDING_OUT.stream().anyMatch((type) -> type.isInstance(filter)))
			.toList();
	}

	private static Filter composite(List<Filter> filters) {
		CompositeFilter composite = new CompositeFilter();
		composite.setFilters(filters);
		return composite;
	}

	/**
	 * Returns the filter that exposes the login as the request's principal.
	 */
	private static Filter awareOfLogins() {
		SecurityContextHolderAwareRequestFilter filter = new SecurityContextHolderAwareRequestFilter();
		try {
			filter.afterPropertiesSet();
		}
		catch (ServletException ex) {
			throw new IllegalStateException("The filter requires no configuration", ex);
		}
		return filter;
	}

	/**
	 * A chain of the application.
	 *
	 * @param chain matches requests
	 * @param filter determines the user of these requests
	 */
	private record Login(SecurityFilterChain chain, Filter filter) {

	}

}
