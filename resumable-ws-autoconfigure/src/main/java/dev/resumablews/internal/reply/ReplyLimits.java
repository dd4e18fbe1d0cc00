package dev.resumablews.internal.reply;

/**
 * Limits for waiting and running replies on all nodes. Each node counts replies when it
 * claims, so concurrent messages may exceed a limit.
 *
 * @param waiting number of waiting replies above which users with waiting replies may not
 * add more
 * @param waitingPerUser maximum number of waiting replies of one user
 * @param runningPerUser maximum number of running replies of one user
 */
record ReplyLimits(int waiting, int waitingPerUser, int runningPerUser) {

	static final ReplyLimits NONE = new ReplyLimits(Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

	/**
	 * Returns the number of waiting replies above which messages of all users are
	 * rejected.
	 */
	int mostWaiting() {
		return (int) Math.min(Integer.MAX_VALUE - 1, 2L * this.waiting);
	}

}
