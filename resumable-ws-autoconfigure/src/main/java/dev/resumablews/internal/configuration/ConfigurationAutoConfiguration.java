package dev.resumablews.internal.configuration;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import com.zaxxer.hikari.HikariConfigMXBean;
import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import jakarta.websocket.server.ServerEndpoint;

import dev.resumablews.internal.handshake.Endpoint;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication.Type;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.jdbc.DataSourceUnwrapper;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletPath;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.Environment;
import org.springframework.web.servlet.mvc.method.RequestMappingInfoHandlerMapping;
import org.springframework.web.socket.WebSocketHandler;

/**
 * Auto-configuration of configuration checks. Unconditional, because {@code
 * resumable-ws.enabled} itself can be misspelled.
 */
@AutoConfiguration(after = JdbcAutoConfiguration.class)
public final class ConfigurationAutoConfiguration {

	@Bean
	static PropertySourceCheck resumableWsPropertySourceCheck(ConfigurableEnvironment environment) {
		return new PropertySourceCheck(environment);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnBean(JdbcExecutor.class)
	@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class InvariantConfiguration {

		/**
		 * Name of Spring Boot's property.
		 */
		private static final String SHUTDOWN_PHASE = "spring.lifecycle.timeout-per-shutdown-phase";

		private static final Duration DEFAULT_SHUTDOWN_PHASE = Duration.ofSeconds(30);

		@Bean
		InvariantCheck resumableWsInvariantCheck(ResumableWsProperties properties, Environment environment,
				ObjectProvider<ApplicationPool> pool) {
			Duration phase = Binder.get(environment)
				.bind(SHUTDOWN_PHASE, Duration.class)
				.orElse(DEFAULT_SHUTDOWN_PHASE);
			return new InvariantCheck(properties, phase, () -> {
				ApplicationPool found = pool.getIfAvailable();
				return (found != null) ? found.size().getAsInt() : Integer.MAX_VALUE;
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HikariDataSource.class, DataSourceUnwrapper.class })
	@ConditionalOnBean(JdbcExecutor.class)
	static class HikariConfiguration {

		@Bean
		ApplicationPool resumableWsApplicationPool(ChosenDataSource chosen) {
			return new ApplicationPool(() -> {
				HikariDataSource pool = DataSourceUnwrapper.unwrap(chosen.dataSource(), HikariConfigMXBean.class,
						HikariDataSource.class);
				return (pool != null) ? pool.getMaximumPoolSize() : Integer.MAX_VALUE;
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnWebApplication(type = Type.SERVLET)
	@ConditionalOnClass({ RequestMappingInfoHandlerMapping.class, WebSocketHandler.class, DispatcherServletPath.class,
			ServerEndpoint.class })
	@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
	@EnableConfigurationProperties(ResumableWsProperties.class)
	static class WebConfiguration {

		private static final String ENDPOINTS = "resumableWsHandlerMapping";

		private static final String SCRIPTS = "resumableWsClientScriptMapping";

		@Bean
		EndpointPathCheck resumableWsEndpointPathCheck(ResumableWsProperties properties, ApplicationContext context) {
			Map<String, String> paths = new TreeMap<>();
			if (context.containsBean(ENDPOINTS)) {
				paths.put(properties.path(), "resumable-ws.path");
				if (properties.http().enabled()) {
					paths.put(Endpoint.EVENTS.path(properties.path()), "resumable-ws.path");
					paths.put(Endpoint.MESSAGES.path(properties.path()), "resumable-ws.path");
				}
			}
			if (context.containsBean(SCRIPTS)) {
				String client = properties.client().path();
				String folder = client.substring(0, client.lastIndexOf('/') + 1);
				List.of(client, folder + "http.js", folder + "unsent.js")
					.forEach((path) -> paths.put(path, "resumable-ws.client.path"));
			}
			return new EndpointPathCheck(context, paths, Set.of(ENDPOINTS, SCRIPTS));
		}

	}

}
