package dev.resumablews.benchmarks.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * Reads processor times from Linux's {@code /proc}.
 */
final class CpuTime {

	/**
	 * Unit of the times in {@code /proc}, the same on all Linux platforms.
	 */
	private static final double TICKS_PER_SECOND = 100;

	/**
	 * Position of the user time among the fields after the command.
	 */
	private static final int USER = 11;

	private static final int SYSTEM = 12;

	private static final int USER_OF_ENDED_CHILDREN = 13;

	private static final int SYSTEM_OF_ENDED_CHILDREN = 14;

	private CpuTime() {
	}

	/**
	 * Returns the processor time of a process and its children, including those that have
	 * ended.
	 * @param pid its process id
	 * @param command the command that the process must run
	 * @return the time in seconds; empty if there is no such process
	 */
	static OptionalDouble ofFamily(long pid, String command) {
		String stat = stat(pid);
		if (!stat.contains("(" + command + ")")) {
			return OptionalDouble.empty();
		}
		double ticks = ticks(stat, USER, SYSTEM, USER_OF_ENDED_CHILDREN, SYSTEM_OF_ENDED_CHILDREN);
		ticks += ProcessHandle.of(pid)
			.stream()
			.flatMap(ProcessHandle::children)
			.mapToDouble((child) -> ticks(stat(child.pid()), USER, SYSTEM))
			.sum();
		return OptionalDouble.of(ticks / TICKS_PER_SECOND);
	}

	/**
	 * Returns the state of a process; empty if it has ended.
	 */
	private static String stat(long pid) {
		try {
			return Files.readString(Path.of("/proc", String.valueOf(pid), "stat"));
		}
		catch (IOException ex) {
			return "";
		}
	}

	private static double ticks(String stat, int... positions) {
		if (stat.isEmpty()) {
			return 0;
		}
		// the command may contain spaces
		String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
		double ticks = 0;
		for (int position : positions) {
			ticks += Double.parseDouble(fields[position]);
		}
		return ticks;
	}

}
