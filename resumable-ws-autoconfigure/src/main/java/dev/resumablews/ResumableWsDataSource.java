package dev.resumablews;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Qualifier for the {@link javax.sql.DataSource} bean that the library uses in an
 * application with several data sources. By default, the only or primary {@code
 * DataSource} is used.
 * <p>
 * {@link ResumableSessions} takes part in transactions on this {@code DataSource}.
 * Transactions on any other {@code DataSource} are ignored: events are stored immediately
 * and are kept if that transaction rolls back.
 * <p>
 * Also qualifies the {@code PlatformTransactionManager} bean for the transactions of
 * message handlers. By default, the only or primary transaction manager is used.
 */
@Target({ ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.TYPE, ElementType.ANNOTATION_TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Qualifier
public @interface ResumableWsDataSource {

}
