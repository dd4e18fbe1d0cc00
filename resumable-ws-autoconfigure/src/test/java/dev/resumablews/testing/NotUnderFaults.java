package dev.resumablews.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Disables a test while {@link TestPostgres} injects random faults, because it asserts
 * more than the library guarantees then.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@ExtendWith(NotUnderFaults.Condition.class)
public @interface NotUnderFaults {

	/**
	 * Returns why the test fails under faults.
	 * @return the reason
	 */
	String value();

	/**
	 * Condition that disables the annotated tests.
	 */
	final class Condition implements ExecutionCondition {

		@Override
		public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
			if (!TestPostgres.hasFaults()) {
				return ConditionEvaluationResult.enabled("No faults are injected");
			}
			return context.getElement()
				.flatMap((element) -> AnnotationSupport.findAnnotation(element, NotUnderFaults.class))
				.map((annotation) -> ConditionEvaluationResult.disabled(annotation.value()))
				.orElseGet(() -> ConditionEvaluationResult.enabled("The test can run under faults"));
		}

	}

}
