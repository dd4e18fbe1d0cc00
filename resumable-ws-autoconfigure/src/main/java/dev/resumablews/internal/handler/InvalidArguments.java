package dev.resumablews.internal.handler;

import org.jspecify.annotations.Nullable;

import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.validation.BindingResult;

/**
 * Arguments that are not valid, apart because spring-messaging need not be there.
 */
final class InvalidArguments {

	private InvalidArguments() {
	}

	static @Nullable BindingResult of(Throwable failure) {
		return (failure instanceof MethodArgumentNotValidException invalid) ? invalid.getBindingResult() : null;
	}

}
