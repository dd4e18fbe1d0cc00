package dev.resumablews.internal.handler;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import org.jspecify.annotations.Nullable;

/**
 * Describes violations of Bean Validation. A separate class, because Bean Validation is
 * optional.
 */
final class Violations {

	private Violations() {
	}

	/**
	 * Describes the violations in the exception of a handler, including those that JPA
	 * detects at commit and Spring wraps.
	 */
	static @Nullable String describe(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof ConstraintViolationException invalid && invalid.getConstraintViolations() != null
					&& invalid.getConstraintViolations().stream().noneMatch(Violations::isOfReturnValue)) {
				return ClientFaults.join(invalid.getConstraintViolations().stream().map(Violations::describe).toList());
			}
		}
		return null;
	}

	private static String describe(ConstraintViolation<?> violation) {
		StringBuilder path = new StringBuilder();
		for (Path.Node node : violation.getPropertyPath()) {
			if (node.getKind() == ElementKind.PROPERTY || node.getKind() == ElementKind.CONTAINER_ELEMENT) {
				if (node.isInIterable() && node.getIndex() != null) {
					path.append('[').append(node.getIndex()).append(']');
				}
				if (node.getKind() == ElementKind.PROPERTY) {
					path.append('.').append(node.getName());
				}
			}
		}
		return ClientFaults.field(path.toString()) + ": " + violation.getMessage();
	}

	/**
	 * Returns whether the violation concerns a return value, which is not client input.
	 */
	private static boolean isOfReturnValue(ConstraintViolation<?> violation) {
		for (Path.Node node : violation.getPropertyPath()) {
			if (node.getKind() == ElementKind.RETURN_VALUE) {
				return true;
			}
		}
		return false;
	}

}
