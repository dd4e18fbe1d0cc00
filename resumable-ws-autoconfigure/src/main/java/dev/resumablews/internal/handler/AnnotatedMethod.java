package dev.resumablews.internal.handler;

import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

import dev.resumablews.ClientMessage;
import dev.resumablews.MessageRejectedException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHandlingException;
import org.springframework.messaging.handler.annotation.support.MessageHandlerMethodFactory;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.messaging.support.GenericMessage;

/**
 * Calls a bean method with a message. Looks up the bean lazily. Safe for use by multiple
 * threads.
 */
final class AnnotatedMethod implements Consumer<ClientMessage> {

	static final String IDEMPOTENCY_KEY = "idempotencyKey";

	/**
	 * Header with the message itself.
	 */
	static final String CLIENT_MESSAGE = "clientMessage";

	private final BeanFactory beans;

	private final String bean;

	private final Method method;

	private final MessageHandlerMethodFactory methods;

	/**
	 * The resolved method of a singleton bean, after the first call.
	 */
	private volatile @Nullable InvocableHandlerMethod resolved;

	AnnotatedMethod(BeanFactory beans, String bean, Method method, MessageHandlerMethodFactory methods) {
		this.beans = beans;
		this.bean = bean;
		this.method = method;
		this.methods = methods;
	}

	@Override
	public void accept(ClientMessage message) {
		InvocableHandlerMethod call = resolve();
		Map<String, Object> headers = new HashMap<>();
		headers.put(CLIENT_MESSAGE, message);
		if (message.idempotencyKey() != null) {
			headers.put(IDEMPOTENCY_KEY, message.idempotencyKey());
		}
		try {
			call.invoke(new GenericMessage<>(payload(message), headers));
		}
		catch (RuntimeException ex) {
			throw translate(ex, message);
		}
		catch (Exception ex) {
			throw new UndeclaredThrowableException(ex);
		}
	}

	private InvocableHandlerMethod resolve() {
		InvocableHandlerMethod known = this.resolved;
		if (known != null) {
			return known;
		}
		InvocableHandlerMethod call = this.methods.createInvocableHandlerMethod(this.beans.getBean(this.bean),
				this.method);
		if (this.beans.isSingleton(this.bean)) {
			this.resolved = call;
		}
		return call;
	}

	/**
	 * Returns the payload. An empty payload counts as missing, unless the parameter is
	 * optional.
	 */
	private static Object payload(ClientMessage message) {
		JsonNode payload = message.payload();
		return (payload.isMissingNode() || payload.isNull()) ? "" : payload;
	}

	private static RuntimeException translate(RuntimeException ex, ClientMessage message) {
		if (ex instanceof MessageHandlingException missing && message.idempotencyKey() == null
				&& isOf(missing, message)) {
			return new MessageRejectedException(
					"A message of type '%s' requires a UUID as 'idempotency_key'".formatted(message.type()), ex);
		}
		return ex;
	}

	/**
	 * Returns whether the failed Spring message is the one that this method was called
	 * with, rather than a message that the application sent itself.
	 */
	private static boolean isOf(MessageHandlingException failure, ClientMessage message) {
		Message<?> failed = failure.getFailedMessage();
		return failed != null && failed.getHeaders().get(CLIENT_MESSAGE) == message;
	}

}
