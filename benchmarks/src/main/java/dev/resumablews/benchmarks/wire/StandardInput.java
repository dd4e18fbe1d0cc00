package dev.resumablews.benchmarks.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * Exits a child process when its parent has ended, even if the parent was killed.
 */
public final class StandardInput {

	private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(5);

	private StandardInput() {
	}

	/**
	 * Exits this process when its standard input ends.
	 */
	public static void exitOnEnd() {
		Thread thread = new Thread(() -> {
			try (InputStream in = System.in) {
				in.transferTo(OutputStream.nullOutputStream());
			}
			catch (IOException ex) {
				// treated as the end
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
			exit.join(EXIT_TIMEOUT.toMillis());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		Runtime.getRuntime().halt(0);
	}

}
