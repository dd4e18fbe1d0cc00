package dev.resumablews.internal.configuration;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import dev.resumablews.UserValidator;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.type.MethodMetadata;
import org.springframework.util.ClassUtils;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.socket.server.support.HttpSessionHandshakeInterceptor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that no bean of the library is a candidate when an application injects its own
 * bean by type.
 */
class AutowireCandidateTests {

	/**
	 * Types that applications do not inject, and types of beans that frameworks collect,
	 * which must be candidates.
	 */
	private static final Set<String> NOT_INJECTED = Set.of("java.lang.Record", "java.lang.AutoCloseable",
			"java.io.Closeable", "org.springframework.beans.factory.config.BeanFactoryPostProcessor",
			"org.springframework.beans.factory.config.BeanPostProcessor",
			"org.springframework.beans.factory.SmartInitializingSingleton",
			"org.springframework.beans.factory.InitializingBean", "org.springframework.beans.factory.DisposableBean",
			"org.springframework.context.Lifecycle", "org.springframework.context.SmartLifecycle",
			"org.springframework.context.Phased", "org.springframework.core.Ordered",
			"org.springframework.core.PriorityOrdered",
			"org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer",
			// Spring Boot collects beans of these types
			"io.micrometer.core.instrument.binder.MeterBinder",
			"org.springframework.boot.health.contributor.AbstractHealthIndicator",
			"org.springframework.boot.health.contributor.HealthIndicator",
			"org.springframework.boot.health.contributor.HealthContributor",
			"org.springframework.security.config.Customizer",
			"org.springframework.security.config.annotation.web.configuration.WebSecurityCustomizer");

	private static TestServer server;

	@BeforeAll
	static void startWithEverything() {
		server = TestServer.builder()
			.properties("resumable-ws.relay.realtime.uri", "ws://localhost:1")
			.with(Own.class)
			.start();
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void anApplicationInjectsItsOwnInterceptorByType() {
		assertThat(server.bean(Injecting.class).interceptor()).isInstanceOf(HttpSessionHandshakeInterceptor.class);
	}

	@Test
	void noBeanIsACandidateForATypeThatApplicationsInject() {
		ConfigurableListableBeanFactory beans = server.context().getBeanFactory();
		List<String> ours = Arrays.stream(beans.getBeanDefinitionNames())
			.filter((name) -> isFromLibrary(beans.getMergedBeanDefinition(name)))
			.toList();
		assertThat(ours).hasSizeGreaterThan(40);
		assertThat(ours).allSatisfy((name) -> {
			AbstractBeanDefinition definition = (AbstractBeanDefinition) beans.getMergedBeanDefinition(name);
			if (definition.isAutowireCandidate() && definition.isDefaultCandidate()) {
				assertThat(foreignTypes(beans.getType(name))).as(name).isEmpty();
			}
		});
	}

	@Test
	void theEndpointsAreStillMapped() {
		assertThat(server.context().getBeansOfType(HandlerMapping.class)).containsKeys("resumableWsHandlerMapping",
				"resumableWsClientScriptMapping");
	}

	private static boolean isFromLibrary(BeanDefinition definition) {
		return definition.getSource() instanceof MethodMetadata method
				&& method.getDeclaringClassName().startsWith("dev.resumablews.internal.")
				&& !method.getDeclaringClassName().contains("Tests");
	}

	private static List<String> foreignTypes(Class<?> type) {
		Stream<Class<?>> classes = Stream.<Class<?>>iterate(type, (each) -> each != null && each != Object.class,
				Class::getSuperclass);
		return Stream.concat(classes, ClassUtils.getAllInterfacesForClassAsSet(type).stream())
			.map(Class::getName)
			.filter((name) -> !name.startsWith("dev.resumablews.") && !NOT_INJECTED.contains(name)
					&& !name.endsWith("Aware"))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Own {

		@Bean
		HandshakeInterceptor auditInterceptor() {
			return new HttpSessionHandshakeInterceptor();
		}

		@Bean
		Injecting injecting(HandshakeInterceptor interceptor) {
			return new Injecting(interceptor);
		}

		@Bean
		UserValidator users() {
			return (userId) -> true;
		}

	}

	record Injecting(HandshakeInterceptor interceptor) {

	}

}
