package dev.resumablews.internal.epoch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The history of a session's log: each epoch under which events were written, with the id
 * of the first event in it. An epoch identifies a history of the database. It changes
 * when a standby is promoted, a backup is restored, or an operator sets a new value. Two
 * histories of a session share all events before the first fork that only one of them
 * has. Immutable.
 *
 * @param text the forks in the form in which they are stored and sent, such as {@code
 * 4a4bd3e99ed5.1-09be7c11f2a0.43}; empty if there are none
 */
public record Forks(String text) {

	/**
	 * No forks: no events were written, or they were written before epochs were recorded.
	 */
	public static final Forks NONE = new Forks("");

	private static final Pattern TEXT = Pattern
		.compile("(?:[0-9a-f]{12}|\\*)\\.[0-9]{1,18}(?:-(?:[0-9a-f]{12}|\\*)\\.[0-9]{1,18}){0,63}");

	/**
	 * Replaces several epochs that exceed the limit of recorded forks; equal to no other
	 * epoch.
	 */
	private static final String FORGOTTEN = "*";

	/**
	 * Returns whether a text received from a client is a valid list of forks.
	 * @param text the text
	 * @return whether it is valid
	 */
	public static boolean isValid(String text) {
		return TEXT.matcher(text).matches();
	}

	/**
	 * Returns the last event that this history is known to share with another one.
	 * @param other the other history
	 * @return the event's id; 0 for none, {@link Long#MAX_VALUE} if the histories are
	 * equal
	 */
	public long sharedWith(Forks other) {
		if (this.text.equals(other.text)) {
			return Long.MAX_VALUE;
		}
		List<Fork> ours = parse();
		List<Fork> theirs = other.parse();
		Map<Fork, Integer> positions = new HashMap<>();
		for (int i = 0; i < theirs.size(); i++) {
			positions.put(theirs.get(i), i);
		}
		int last = ours.size() - 1;
		while (last >= 0 && (ours.get(last).epoch().equals(FORGOTTEN) || !positions.containsKey(ours.get(last)))) {
			last--;
		}
		int lastOfTheirs = (last >= 0) ? positions.getOrDefault(ours.get(last), -1) : -1;
		return Math.min(endOf(ours, last), endOf(theirs, lastOfTheirs));
	}

	/**
	 * Returns whether this history continues another one.
	 * @param other the other history
	 * @return whether it begins with all forks of the other one
	 */
	public boolean continues(Forks other) {
		return this.text.startsWith(other.text);
	}

	/**
	 * Returns the epoch that was current when these forks were read.
	 * @return the last epoch; empty if there is none
	 */
	public String epoch() {
		List<Fork> forks = parse();
		return forks.isEmpty() ? "" : forks.get(forks.size() - 1).epoch();
	}

	/**
	 * Returns the last event of the epoch that a fork begins.
	 */
	private static long endOf(List<Fork> forks, int index) {
		return (index + 1 < forks.size()) ? forks.get(index + 1).firstEventId() - 1 : Long.MAX_VALUE;
	}

	private List<Fork> parse() {
		List<Fork> forks = new ArrayList<>();
		if (!this.text.isEmpty()) {
			for (String fork : this.text.split("-")) {
				int dot = fork.indexOf('.');
				forks.add(new Fork(fork.substring(0, dot), Long.parseLong(fork.substring(dot + 1))));
			}
		}
		return forks;
	}

	/**
	 * A change of the epoch.
	 *
	 * @param epoch the new epoch
	 * @param firstEventId the first event in it
	 */
	private record Fork(String epoch, long firstEventId) {

	}

}
