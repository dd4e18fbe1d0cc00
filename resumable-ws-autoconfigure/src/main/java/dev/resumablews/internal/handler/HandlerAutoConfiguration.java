package dev.resumablews.internal.handler;

import java.util.List;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.relay.RelayMessages;
import dev.resumablews.internal.workers.Workers;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.handler.annotation.support.DefaultMessageHandlerMethodFactory;
import org.springframework.validation.Validator;

/**
 * Auto-configuration of the application's message handlers.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.log.LogAutoConfiguration",
		"dev.resumablews.internal.publish.PublishAutoConfiguration" })
@ConditionalOnBean({ EventLog.class, ResumableSessions.class })
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
public final class HandlerAutoConfiguration {

	@Bean
	Handlers resumableWsHandlers(ObjectProvider<MappingSource> sources, ObjectProvider<HandlerInterceptor> interceptors,
			ObjectProvider<RelayMessages> relays) {
		return new Handlers(sources, interceptors, (type) -> {
			RelayMessages relay = relays.getIfAvailable();
			return relay != null && relay.handles(type);
		});
	}

	@Bean
	HandlerBeans resumableWsHandlerBeans(ObjectProvider<ClientMessageHandler> messages,
			ObjectProvider<EphemeralMessageHandler> ephemerals) {
		return new HandlerBeans(messages, ephemerals);
	}

	@Bean
	UserMessageHandling resumableWsUserMessageHandling(Handlers handlers, EventLog log, IdempotentExecutor once,
			ObjectProvider<Workers> workers) {
		return new UserMessageHandling(handlers, log, once, workers::getIfAvailable);
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass(DefaultMessageHandlerMethodFactory.class)
	static class AnnotatedMethodConfiguration {

		/**
		 * The method factory is not a bean, because the application's messaging would use
		 * it as well.
		 */
		@Bean
		AnnotatedMethods resumableWsAnnotatedMethods(ConfigurableListableBeanFactory beans, ResumableSessions sessions,
				ObjectProvider<JsonMapper> json, ObjectProvider<Validator> validators) {
			Validator validator = validators.getIfUnique();
			DefaultMessageHandlerMethodFactory methods = new DefaultMessageHandlerMethodFactory();
			methods.setBeanFactory(beans);
			methods.setMessageConverter(new PayloadConverter(json.getIfUnique(JsonMapper::shared)));
			methods.setCustomArgumentResolvers(List.of(new MessageArguments(new SessionHandles(sessions))));
			if (validator != null) {
				methods.setValidator(validator);
			}
			methods.afterPropertiesSet();
			return new AnnotatedMethods(beans, methods, validator);
		}

	}

}
