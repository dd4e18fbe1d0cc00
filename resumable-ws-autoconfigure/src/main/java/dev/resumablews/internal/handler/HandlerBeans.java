package dev.resumablews.internal.handler;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.util.ReflectionUtils;

/**
 * Finds the {@link ClientMessageHandler} and {@link EphemeralMessageHandler} beans.
 */
final class HandlerBeans implements MappingSource {

	private final ObjectProvider<ClientMessageHandler> messages;

	private final ObjectProvider<EphemeralMessageHandler> ephemerals;

	HandlerBeans(ObjectProvider<ClientMessageHandler> messages, ObjectProvider<EphemeralMessageHandler> ephemerals) {
		this.messages = messages;
		this.ephemerals = ephemerals;
	}

	@Override
	public List<Mapping> find() {
		List<Mapping> found = new ArrayList<>();
		this.messages.orderedStream().forEach((bean) -> found.add(mapping(bean)));
		this.ephemerals.orderedStream()
			.forEach((bean) -> found.add(new Mapping(bean.type(), true, bean.getClass().getName(), bean::handle)));
		return found;
	}

	private static Mapping mapping(ClientMessageHandler bean) {
		Class<?> type = AopUtils.getTargetClass(bean);
		Method method = ReflectionUtils.findMethod(type, "handle", ClientMessage.class);
		if (method != null && bean.type().equals(UserMessageHandling.TYPE)) {
			UserMessageHandling.checkIsolation(method, type, type.getName());
		}
		return new Mapping(bean.type(), false, bean.getClass().getName(), bean::handle);
	}

}
