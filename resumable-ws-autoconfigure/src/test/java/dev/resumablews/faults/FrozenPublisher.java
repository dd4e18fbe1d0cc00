package dev.resumablews.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.TestServer;

import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * An application in a separate process that publishes in a transaction. SIGSTOP freezes
 * it after the event is stored and before the commit.
 */
final class FrozenPublisher implements AutoCloseable {

	private static final String READY = "ready to be frozen";

	private final Process process;

	private FrozenPublisher(Process process) {
		this.process = process;
	}

	/**
	 * Starts the process and freezes it.
	 * @param url the JDBC URL of the database
	 * @param session the session to publish to
	 * @return the frozen process
	 */
	static FrozenPublisher start(String url, UUID session) {
		try {
			Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-cp", System.getProperty("java.class.path"), FrozenPublisher.class.getName(), url,
					session.toString())
				.redirectErrorStream(true)
				.start();
			StringBuilder output = new StringBuilder();
			BufferedReader reader = new BufferedReader(
					new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
			for (String line = reader.readLine(); !READY.equals(line); line = reader.readLine()) {
				if (line == null) {
					throw new IllegalStateException("The publisher ended: " + output);
				}
				output.append(line).append('\n');
			}
			new ProcessBuilder("kill", "-STOP", String.valueOf(process.pid())).start().waitFor();
			return new FrozenPublisher(process);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

	/**
	 * Publishes in a transaction and waits before the commit.
	 * @param arguments the JDBC URL and the session
	 */
	public static void main(String[] arguments) {
		TestServer server = TestServer.builder().database(arguments[0]).start();
		TransactionTemplate transaction = new TransactionTemplate(server.bean(PlatformTransactionManager.class));
		transaction.executeWithoutResult((status) -> {
			server.bean(ResumableSessions.class).publish(UUID.fromString(arguments[1]), "frozen", Map.of());
			TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

				@Override
				public void beforeCompletion() {
					System.out.println(READY);
					try {
						new CountDownLatch(1).await();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}

			});
		});
	}

}
