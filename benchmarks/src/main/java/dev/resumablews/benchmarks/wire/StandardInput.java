package dev.resumablews.benchmarks.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * The thread by which a child process notices that its parent has gone, however that
 * ended.
 */
public final class StandardInput {

	private static final Duration LONGEST_EXIT = Duration.ofSeconds(5);

	private StandardInput() {
	}

	/**
	 * Ends this process when its standard input ends.
	 */
	public static void endWithIt() {
		Thread thread = new Thread(() -> {
			try (InputStream in = System.in) {
				in.transferTo(OutputStream.nullOutputStream());
			}
			catch (IOException ex) {
				// the same
			}
			exit();
		}, "standard-input");
		thread.setDaemon(true);
		thread.start();
	}

	/**
	 * Exits, so that a flight recording is written, and halts if that takes too long.
	 */
	private static void exit() {
		Thread exit = new Thread(() -> System.exit(0), "exit");
		exit.start();
		try {
			exit.join(LONGEST_EXIT.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Runtime.getRuntime().halt(0);
	}

}
