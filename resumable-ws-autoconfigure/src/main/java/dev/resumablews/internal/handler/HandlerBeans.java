package dev.resumablews.internal.handler;

import java.util.ArrayList;
import java.util.List;

import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;

import org.springframework.beans.factory.ObjectProvider;

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
		this.messages.orderedStream()
			.forEach((bean) -> found.add(new Mapping(bean.type(), false, bean.getClass().getName(), bean::handle)));
		this.ephemerals.orderedStream()
			.forEach((bean) -> found.add(new Mapping(bean.type(), true, bean.getClass().getName(), bean::handle)));
		return found;
	}

}
