package dev.resumablews.internal.reply;

/**
 * How many replies may wait and run on all nodes, as far as the nodes know: each counts
 * them when it claims, so that messages at the same time may exceed a limit by as many.
 *
 * @param waiting how many may wait before those of whom some wait are refused more
 * @param waitingPerUser how many of one user may wait before that user is refused more
 * @param runningPerUser how many of one user run at the same time
 */
record ReplyLimits(int waiting, int waitingPerUser, int runningPerUser) {

	static final ReplyLimits NONE = new ReplyLimits(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

	/**
	 * Returns how many may wait before everybody is refused more.
	 */
	int mostWaiting() {
		return (int) Math.min(Integer.MAX_VALUE - 1, 2L * this.waiting);
	}

}
