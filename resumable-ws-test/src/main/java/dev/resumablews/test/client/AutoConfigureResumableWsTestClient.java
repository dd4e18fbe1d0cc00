package dev.resumablews.test.client;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;

/**
 * Adds a {@link ResumableWsTestClientBuilder} bean to the context of a
 * {@code @SpringBootTest} with a web server. It connects to the server of the test, and
 * issues tokens with {@code resumable-ws.auth.jwt.secret} if that is set.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ImportAutoConfiguration
public @interface AutoConfigureResumableWsTestClient {

}
