package dev.resumablews.internal.mdc;

import dev.resumablews.internal.handler.HandlerInterceptor;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Auto-configuration of what handlers log, for applications with SLF4J.
 */
@AutoConfiguration
@ConditionalOnClass(name = "org.slf4j.MDC")
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class LogContextAutoConfiguration {

	/**
	 * Before the others, so that what they log is named too.
	 */
	@Bean
	@Order(Ordered.HIGHEST_PRECEDENCE)
	HandlerInterceptor resumableWsLogContextInterceptor() {
		return new LogContextInterceptor();
	}

}
