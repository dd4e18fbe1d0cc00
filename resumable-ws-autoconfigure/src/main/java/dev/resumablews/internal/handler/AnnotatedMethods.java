package dev.resumablews.internal.handler;

import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import dev.resumablews.ClientMessageMapping;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.framework.autoproxy.AutoProxyUtils;
import org.springframework.aop.scope.ScopedProxyUtils;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.annotation.AnnotationUtils;
import org.springframework.messaging.handler.annotation.support.MessageHandlerMethodFactory;
import org.springframework.validation.Validator;
import org.springframework.validation.annotation.ValidationAnnotationUtils;

/**
 * Finds the {@link ClientMessageMapping} methods of all beans by bean type, like Spring
 * does for event listeners.
 */
final class AnnotatedMethods implements MappingSource {

	private static final Log logger = LogFactory.getLog(AnnotatedMethods.class);

	private final ConfigurableListableBeanFactory beans;

	private final MessageHandlerMethodFactory methods;

	private final @Nullable Validator validator;

	AnnotatedMethods(ConfigurableListableBeanFactory beans, MessageHandlerMethodFactory methods,
			@Nullable Validator validator) {
		this.beans = beans;
		this.methods = methods;
		this.validator = validator;
	}

	@Override
	public List<Mapping> find() {
		List<Mapping> found = new ArrayList<>();
		for (String bean : this.beans.getBeanNamesForType(Object.class)) {
			Class<?> type = ScopedProxyUtils.isScopedTarget(bean) ? null : typeOf(bean);
			if (type != null && AnnotationUtils.isCandidateClass(type, ClientMessageMapping.class)) {
				annotated(type).forEach((method, mapping) -> found.add(mapping(bean, type, method, mapping)));
			}
		}
		return found;
	}

	private @Nullable Class<?> typeOf(String bean) {
		try {
			return AutoProxyUtils.determineTargetClass(this.beans, bean);
		}
		catch (Throwable ex) {
			logger.debug("The type of bean '" + bean + "' cannot be determined", ex);
			return null;
		}
	}

	private static Map<Method, ClientMessageMapping> annotated(Class<?> type) {
		try {
			return MethodIntrospector.selectMethods(type,
					(MethodIntrospector.MetadataLookup<ClientMessageMapping>) (method) -> AnnotatedElementUtils
						.findMergedAnnotation(method, ClientMessageMapping.class));
		}
		catch (Throwable ex) {
			logger.debug("The methods of " + type.getName() + " cannot be read", ex);
			return Map.of();
		}
	}

	private Mapping mapping(String bean, Class<?> type, Method method, ClientMessageMapping mapping) {
		String name = method.getDeclaringClass().getName() + "." + method.getName() + "()";
		if (method.getReturnType() != void.class) {
			throw new ResumableWsConfigurationException(
					"%s handles messages of type '%s' and returns %s, which is not sent to any client.".formatted(name,
							mapping.value(), method.getReturnType().getSimpleName()),
					"Change the return type to void, and publish events for clients with ResumableSession.publish.");
		}
		for (int i = 0; i < method.getParameterCount(); i++) {
			checkValidator(new MethodParameter(method, i), name);
		}
		if (mapping.value().equals(UserMessageHandling.TYPE)) {
			UserMessageHandling.checkIsolation(method, type, name);
		}
		Class<?> beanType = this.beans.getType(bean);
		Method invocable = AopUtils.selectInvocableMethod(method, (beanType != null) ? beanType : Object.class);
		return new Mapping(mapping.value(), mapping.ephemeral(), name,
				new AnnotatedMethod(this.beans, bean, invocable, this.methods));
	}

	private void checkValidator(MethodParameter parameter, String name) {
		for (Annotation annotation : parameter.getParameterAnnotations()) {
			if (ValidationAnnotationUtils.determineValidationHints(annotation) != null
					&& (this.validator == null || !this.validator.supports(parameter.getParameterType()))) {
				throw new ResumableWsConfigurationException("%s validates its %s, but the application has no Validator."
					.formatted(name, parameter.getParameterType().getSimpleName()),
						"Add spring-boot-starter-validation.");
			}
		}
	}

}
