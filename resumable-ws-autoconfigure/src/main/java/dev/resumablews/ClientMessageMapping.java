package dev.resumablews;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.aot.hint.annotation.Reflective;

/**
 * Declares that a method of a bean handles the messages of one type that clients send, as
 * a {@link ClientMessageHandler} does, with the same promises: <pre class="code">
 * &#064;ClientMessageMapping("vote")
 * &#064;Transactional
 * void vote(&#064;Valid Vote vote, ResumableSession session, AuthenticatedUser user) {
 * </pre>
 * <p>
 * The method returns nothing. Its parameters may be:
 * <ul>
 * <li>the payload, of any type that Jackson reads with the application's
 * {@code JsonMapper}. With {@code @Valid} or {@code @Validated} it is validated;
 * {@code org.springframework.messaging.handler.annotation.Payload} marks it where that is
 * not clear, and makes it optional;
 * <li>{@link ResumableSession}, the session of the message;
 * <li>{@link AuthenticatedUser}, or {@link java.security.Principal} or one of its
 * subtypes;
 * <li>{@link ClientMessage}, all of the message;
 * <li>{@code @Header("idempotencyKey") UUID}, the idempotency key. A message without one
 * is rejected, unless the header is declared as not required.
 * </ul>
 * A message whose payload cannot be read, or is not valid, is rejected with the name of
 * the field, as if by a {@link MessageRejectedException}.
 * <p>
 * The bean may be a proxy, so {@code @Transactional} and {@code @PreAuthorize} apply. It
 * is looked up when the first message comes, so it may be lazy.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Reflective(ClientMessageMappingProcessor.class)
public @interface ClientMessageMapping {

	/**
	 * Type of message to handle: one that the protocol does not define, or
	 * {@code user_message}. A type has one handler.
	 */
	String value();

	/**
	 * Whether the messages are ephemeral, as those of an {@link EphemeralMessageHandler}
	 * are: not acknowledged, and dropped when there are too many.
	 */
	boolean ephemeral() default false;

}
