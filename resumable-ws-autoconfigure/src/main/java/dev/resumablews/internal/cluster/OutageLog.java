package dev.resumablews.internal.cluster;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Something that fails now and then. Says so once, and once when it works again. Safe for
 * use by many threads.
 */
final class OutageLog {

	private static final Log logger = LogFactory.getLog(OutageLog.class);

	private final String what;

	private boolean failing;

	/**
	 * Creates it.
	 * @param what what fails, as the subject of a sentence
	 */
	OutageLog(String what) {
		this.what = what;
	}

	synchronized void failed(Exception cause) {
		if (this.failing) {
			logger.debug(this.what + " failed again", cause);
			return;
		}
		this.failing = true;
		logger.warn("%s failed and will be tried again; events of other nodes may come late: %s".formatted(this.what,
				cause));
	}

	synchronized void worked() {
		if (this.failing) {
			this.failing = false;
			logger.info(this.what + " works again");
		}
	}

}
