package dev.resumablews;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Marks a bean method as the handler of one type of client message, with the same
 * guarantees as a {@link ClientMessageHandler}: <pre class="code">
 * &#064;ClientMessageMapping("vote")
 * &#064;Transactional
 * void vote(&#064;Valid Vote vote, ResumableSession session, AuthenticatedUser user) {
 * </pre>
 * <p>
 * The method must return {@code void}. Supported parameters:
 * <ul>
 * <li>the payload, of any type that the application's {@code JsonMapper} can read.
 * {@code @Valid} or {@code @Validated} validates it; {@code
 * org.springframework.messaging.handler.annotation.Payload} marks it where it is
 * ambiguous or optional;
 * <li>{@link ResumableSession}, the session of the message;
 * <li>{@link AuthenticatedUser}, or {@link java.security.Principal} or one of its
 * subtypes;
 * <li>{@link ClientMessage}, the whole message;
 * <li>{@code @Header("idempotencyKey") UUID}, the idempotency key. A message without one
 * is rejected, unless the header is declared as not required.
 * </ul>
 * A message with an unreadable or invalid payload is rejected with the name of the field,
 * like a {@link MessageRejectedException}.
 * <p>
 * The method is called through the bean's proxy, so {@code @Transactional} and
 * {@code @PreAuthorize} apply. The bean is looked up for the first message and may be
 * lazy.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective(ClientMessageMappingProcessor.class)
public @interface ClientMessageMapping {

	/**
	 * Message type to handle: {@code user_message}, or a type that the protocol does not
	 * define. Each type has exactly one handler.
	 */
	String value();

	/**
	 * Whether the messages are ephemeral, like those of an
	 * {@link EphemeralMessageHandler}: not acknowledged, and dropped beyond the rate
	 * limit.
	 */
	boolean ephemeral() default false;

}
