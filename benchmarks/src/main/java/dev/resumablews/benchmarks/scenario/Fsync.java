package dev.resumablews.benchmarks.scenario;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Measures how long this machine takes to make a write durable.
 */
final class Fsync {

	private static final int WRITES = 200;

	/**
	 * Size of a page of Postgres.
	 */
	private static final int BYTES = 8192;

	private Fsync() {
	}

	/**
	 * Returns the median time of successive writes of a page, each with an fsync.
	 * @param folder directory on the disk to measure
	 */
	static double medianMillis(Path folder) {
		double[] millis = new double[WRITES];
		try {
			Path file = Files.createTempFile(folder, "fsync", null);
			try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
				for (int i = 0; i < WRITES; i++) {
					long start = System.nanoTime();
					channel.write(ByteBuffer.allocate(BYTES), (long) i * BYTES);
					channel.force(false);
					millis[i] = (System.nanoTime() - start) / 1e6;
				}
			}
			finally {
				Files.delete(file);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot write to " + folder, ex);
		}
		Arrays.sort(millis);
		return millis[WRITES / 2];
	}

}
