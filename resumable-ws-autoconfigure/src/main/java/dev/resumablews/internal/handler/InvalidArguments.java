package dev.resumablews.internal.handler;

import org.jspecify.annotations.Nullable;

import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.validation.BindingResult;

/**
 * Describes invalid method arguments. A separate class, because spring-messaging is
 * optional.
 */
final class InvalidArguments {

	private InvalidArguments() {
	}

	static @Nullable BindingResult of(Throwable failure) {
		return (failure instanceof MethodArgumentNotValidException invalid) ? invalid.getBindingResult() : null;
	}

}
