package dev.resumablews.internal.configuration;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import jakarta.websocket.server.ServerEndpoint;

import org.springframework.beans.factory.BeanFactoryUtils;
import org.springframework.beans.factory.SmartInitializingSingleton;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletPath;
import org.springframework.context.ApplicationContext;
import org.springframework.core.io.Resource;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.function.HandlerFunction;
import org.springframework.web.servlet.function.RequestPredicate;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.support.RouterFunctionMapping;
import org.springframework.web.servlet.handler.AbstractUrlHandlerMapping;
import org.springframework.web.servlet.mvc.method.RequestMappingInfoHandlerMapping;
import org.springframework.web.socket.handler.WebSocketHandlerDecorator;
import org.springframework.web.socket.server.support.WebSocketHttpRequestHandler;

/**
 * Rejects a second handler for a path of the library, since one of the two would never be
 * called. Patterns that only include the path, such as {@code /**}, are accepted.
 */
final class EndpointPathCheck implements SmartInitializingSingleton {

	private static final Pattern PATH_OF_PREDICATE = Pattern.compile("(?<![^\\s(])/[^\\s)]*");

	private final ApplicationContext context;

	/**
	 * The property that sets each path.
	 */
	private final Map<String, String> propertiesByPath;

	private final Set<String> ownMappings;

	/**
	 * Creates a check.
	 * @param propertiesByPath the paths of the library with the properties that set them
	 * @param ownMappings the names of the library's own mapping beans
	 */
	EndpointPathCheck(ApplicationContext context, Map<String, String> propertiesByPath, Set<String> ownMappings) {
		this.context = context;
		this.propertiesByPath = propertiesByPath;
		this.ownMappings = ownMappings;
	}

	@Override
	public void afterSingletonsInstantiated() {
		BeanFactoryUtils.beansOfTypeIncludingAncestors(this.context, HandlerMapping.class, true, false)
			.forEach((name, mapping) -> {
				if (!this.ownMappings.contains(name)) {
					check(name, mapping);
				}
			});
		String servletPath = this.context.getBeanProvider(DispatcherServletPath.class)
			.stream()
			.findFirst()
			.map(DispatcherServletPath::getPrefix)
			.orElse("");
		this.context.getBeansOfType(ServletRegistrationBean.class, true, false).forEach((name, servlet) -> {
			if (!(servlet instanceof DispatcherServletPath)) {
				((ServletRegistrationBean<?>) servlet).getUrlMappings()
					.forEach((pattern) -> check(servletPath, pattern, "the servlet of bean '" + name + "'", true));
			}
		});
		for (String name : this.context.getBeanNamesForAnnotation(ServerEndpoint.class)) {
			ServerEndpoint endpoint = Objects
				.requireNonNull(this.context.findAnnotationOnBean(name, ServerEndpoint.class));
			check(servletPath, endpoint.value(), "the @ServerEndpoint of bean '" + name + "'", false);
		}
	}

	private void check(String name, HandlerMapping mapping) {
		if (mapping instanceof AbstractUrlHandlerMapping urls) {
			urls.getHandlerMap()
				.forEach((pattern, handler) -> check("", pattern, "%s of bean '%s'".formatted(describe(handler), name),
						false));
		}
		else if (mapping instanceof RequestMappingInfoHandlerMapping methods) {
			methods.getHandlerMethods()
				.forEach((info, method) -> info.getPatternValues()
					.forEach((pattern) -> check("", pattern, method.toString(), false)));
		}
		else if (mapping instanceof RouterFunctionMapping functions && functions.getRouterFunction() != null) {
			functions.getRouterFunction()
				.accept(new Routes((pattern) -> check("", pattern, "a RouterFunction", false)));
		}
	}

	private void check(String servletPath, String pattern, String handler, boolean servlet) {
		this.propertiesByPath.forEach((path, property) -> {
			String own = servletPath + path;
			if (pattern.startsWith(own) && isHandledToo(pattern.substring(own.length()), servlet)) {
				throw new ResumableWsConfigurationException(
						"The path '%s' of resumable-ws (%s) has a second handler: %s, mapped to '%s'.".formatted(path,
								property, handler, pattern),
						"Set %s to another path, or move the other handler.".formatted(property));
			}
		});
	}

	/**
	 * Returns whether a pattern that starts with a path matches the path itself.
	 */
	private static boolean isHandledToo(String rest, boolean servlet) {
		return rest.isEmpty() || rest.equals("/**") || rest.startsWith("/{*") || servlet && rest.equals("/*");
	}

	private static String describe(Object handler) {
		return (handler instanceof WebSocketHttpRequestHandler webSocket)
				? WebSocketHandlerDecorator.unwrap(webSocket.getWebSocketHandler()).getClass().getName()
				: handler.getClass().getName();
	}

	/**
	 * Finds the paths of router functions, whose predicates expose them only as text.
	 */
	private static final class Routes implements RouterFunctions.Visitor {

		private final Deque<String> nested = new ArrayDeque<>();

		private final Consumer<String> consumer;

		Routes(Consumer<String> consumer) {
			this.consumer = consumer;
		}

		@Override
		public void startNested(RequestPredicate predicate) {
			this.nested.addLast(path(predicate).orElse(""));
		}

		@Override
		public void endNested(RequestPredicate predicate) {
			this.nested.removeLast();
		}

		@Override
		public void route(RequestPredicate predicate, HandlerFunction<?> handlerFunction) {
			String prefix = this.nested.stream().collect(Collectors.joining());
			path(predicate).or(() -> prefix.isEmpty() ? Optional.empty() : Optional.of(""))
				.ifPresent((path) -> this.consumer.accept(prefix + path));
		}

		@Override
		public void resources(Function<ServerRequest, Optional<Resource>> lookupFunction) {
		}

		@Override
		public void attributes(Map<String, Object> attributes) {
		}

		@Override
		public void unknown(RouterFunction<?> routerFunction) {
		}

		private static Optional<String> path(RequestPredicate predicate) {
			Matcher path = PATH_OF_PREDICATE.matcher(predicate.toString());
			return path.find() ? Optional.of(path.group()) : Optional.empty();
		}

	}

}
