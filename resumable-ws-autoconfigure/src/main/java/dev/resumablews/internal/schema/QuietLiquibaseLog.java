package dev.resumablews.internal.schema;

import java.util.logging.Level;

import liquibase.logging.Logger;
import liquibase.logging.core.AbstractLogService;
import liquibase.logging.core.AbstractLogger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Logs Liquibase's messages one level lower, because it logs each step of each start at
 * INFO. Failures are also thrown, so they are not logged at ERROR.
 */
final class QuietLiquibaseLog extends AbstractLogService {

	private static final Log log = LogFactory.getLog(LiquibaseSchemaMigration.class);

	@Override
	public int getPriority() {
		return PRIORITY_NOT_APPLICABLE;
	}

	@Override
	@SuppressWarnings({ "rawtypes", "try" })
	public Logger getLog(Class source) {
		return new AbstractLogger() {

			@Override
			public void log(Level level, String message, @Nullable Throwable failure) {
				if (level.intValue() >= Level.WARNING.intValue()) {
					log.warn(message);
					log.debug("Reported by Liquibase", failure);
				}
				else {
					log.debug(message, failure);
				}
			}

		};
	}

}
