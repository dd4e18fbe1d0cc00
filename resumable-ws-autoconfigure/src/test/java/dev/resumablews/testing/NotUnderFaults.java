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
 * Skips a test while {@link TestPostgres} disturbs statements at random, because what it
 * asserts is more than the library promises in that case.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
@ExtendWith(NotUnderFaults.Condition.class)
public @interface NotUnderFaults {

	/**
	 * Why the test does not hold.
	 * @return the reason
	 */
	String value();

	/**
	 * Decides whether a test is skipped.
	 */
	final class Condition implements ExecutionCondition {

		@Override
		public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
			if (!TestPostgres.hasFaults()) {
				return ConditionEvaluationResult.enabled("Statements are not disturbed");
			}
			return context.getElement()
				.flatMap((element) -> AnnotationSupport.findAnnotation(element, NotUnderFaults.class))
				.map((annotation) -> ConditionEvaluationResult.disabled(annotation.value()))
				.orElseGet(() -> ConditionEvaluationResult.enabled("The test holds under faults"));
		}

	}

}
