package dev.resumablews;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Qualifier of the {@link javax.sql.DataSource} bean that the library uses, in an
 * application with several of them. Without it, the only or the primary
 * {@code DataSource} is used.
 * <p>
 * {@link ResumableSessions} takes part in transactions on this {@code DataSource}. In a
 * transaction on another one, it behaves as without a transaction: what is published is
 * stored at once, and stays when that transaction is rolled back.
 * <p>
 * Also a qualifier of the {@code PlatformTransactionManager} bean that begins the
 * transactions of message handlers. Without it, that is the only or the primary
 * transaction manager.
 */
@Target({ ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Qualifier
public @interface ResumableWsDataSource {

}
