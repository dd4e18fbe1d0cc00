package dev.resumablews.internal.handler;

import java.util.List;
import java.util.stream.Collectors;

import dev.resumablews.MessageRejectedException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

import org.springframework.util.ClassUtils;
import org.springframework.validation.BindingResult;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;
import org.springframework.validation.method.MethodValidationException;
import org.springframework.validation.method.ParameterErrors;

/**
 * Determines whether a handler failed because of invalid client input, and creates the
 * error text for the client: the field and the problem, without class names.
 */
public final class ClientFaults {

	private static final ClassLoader LOADER = ClientFaults.class.getClassLoader();

	private static final boolean BEAN_VALIDATION = ClassUtils
		.isPresent("jakarta.validation.ConstraintViolationException", LOADER);

	private static final boolean MESSAGING = ClassUtils
		.isPresent("org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException", LOADER);

	private static final int MOST_VIOLATIONS = 10;

	private static final int LONGEST_PATH = 200;

	private ClientFaults() {
	}

	/**
	 * Translates the failure of a handler into a rejection.
	 * @param failure the exception of a handler
	 * @return the rejection, whose text may be sent to the client; null if the client did
	 * not cause the failure
	 */
	public static @Nullable MessageRejectedException rejection(Throwable failure) {
		if (failure instanceof MessageRejectedException rejected) {
			return rejected;
		}
		String text = describe(failure);
		return (text != null) ? new MessageRejectedException(text, failure) : null;
	}

	private static @Nullable String describe(Throwable failure) {
		if (failure instanceof JacksonException unreadable) {
			return describe(unreadable);
		}
		if (failure instanceof MethodValidationException invalid) {
			return describe(invalid);
		}
		if (MESSAGING) {
			BindingResult invalid = InvalidArguments.of(failure);
			if (invalid != null) {
				return describe(invalid);
			}
		}
		return BEAN_VALIDATION ? Violations.describe(failure) : null;
	}

	private static String describe(JacksonException failure) {
		String path = failure.getPath()
			.stream()
			.map((step) -> (step.getPropertyName() != null) ? "." + step.getPropertyName()
					: "[" + step.getIndex() + "]")
			.collect(Collectors.joining());
		String fault = "missing or not of the expected type";
		if (failure instanceof UnrecognizedPropertyException) {
			fault = "not known";
		}
		else if (failure instanceof InvalidFormatException) {
			fault = "not one of the allowed values";
		}
		return field(path) + ": " + fault;
	}

	private static String describe(MethodValidationException failure) {
		return join(failure.getParameterValidationResults()
			.stream()
			.flatMap((result) -> (result instanceof ParameterErrors errors) ? errors.getAllErrors().stream()
					: result.getResolvableErrors()
						.stream()
						.map((error) -> new ObjectError("payload", String.valueOf(error.getDefaultMessage()))))
			.map(ClientFaults::describe)
			.toList());
	}

	private static String describe(BindingResult result) {
		return join(result.getAllErrors().stream().map(ClientFaults::describe).toList());
	}

	private static String describe(ObjectError error) {
		return field((error instanceof FieldError field) ? "." + field.getField() : "") + ": "
				+ error.getDefaultMessage();
	}

	static String join(List<String> violations) {
		return violations.stream().sorted().limit(MOST_VIOLATIONS).collect(Collectors.joining("; "));
	}

	/**
	 * Shortens a path. Names of unknown fields are client input of any length.
	 */
	static String field(String path) {
		return "payload" + ((path.length() <= LONGEST_PATH) ? path : path.substring(0, LONGEST_PATH) + "…");
	}

}
