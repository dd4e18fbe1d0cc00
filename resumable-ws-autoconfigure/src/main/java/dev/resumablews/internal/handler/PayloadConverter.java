package dev.resumablews.internal.handler;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.core.GenericTypeResolver;
import org.springframework.core.MethodParameter;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.converter.SmartMessageConverter;

/**
 * Converts payloads to parameter types.
 */
final class PayloadConverter implements SmartMessageConverter {

	private final JsonMapper json;

	PayloadConverter(JsonMapper json) {
		this.json = json;
	}

	@Override
	public @Nullable Object fromMessage(Message<?> message, Class<?> targetClass) {
		return read(message, this.json.constructType(targetClass));
	}

	@Override
	public @Nullable Object fromMessage(Message<?> message, Class<?> targetClass, @Nullable Object hint) {
		if (hint instanceof MethodParameter parameter) {
			MethodParameter nested = parameter.nestedIfOptional();
			return read(message, this.json.constructType(GenericTypeResolver
				.resolveType(nested.getNestedGenericParameterType(), nested.getContainingClass())));
		}
		return fromMessage(message, targetClass);
	}

	private @Nullable Object read(Message<?> message, JavaType type) {
		return (message.getPayload() instanceof JsonNode payload) ? this.json.treeToValue(payload, type) : null;
	}

	@Override
	public @Nullable Message<?> toMessage(Object payload, @Nullable MessageHeaders headers) {
		return null;
	}

	@Override
	public @Nullable Message<?> toMessage(Object payload, @Nullable MessageHeaders headers, @Nullable Object hint) {
		return null;
	}

}
