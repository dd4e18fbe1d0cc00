package dev.resumablews.benchmarks.wire;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * The thread by which a child process notices that its parent has gone, however that
 * ended.
 */
public final class StandardInput {

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
			Runtime.getRuntime().halt(0);
		}, "standard-input");
		thread.setDaemon(true);
		thread.start();
	}

}
