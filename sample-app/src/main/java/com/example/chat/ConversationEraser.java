package com.example.chat;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableSessions;
import jakarta.annotation.PreDestroy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.util.Assert;

/**
 * Deletes conversations. Closes the session immediately, which closes its connections
 * with 1000, so that clients do not reconnect. Erases the messages after a delay in which
 * the close reaches the clients. Safe for use by many threads.
 */
@Component
class ConversationEraser {

	static final String PROPERTY = "chat.erase-delay";

	private static final Logger logger = LoggerFactory.getLogger(ConversationEraser.class);

	private final ResumableSessions sessions;

	private final Duration delay;

	private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, (task) -> {
		Thread thread = new Thread(task, "conversation-eraser");
		thread.setDaemon(true);
		return thread;
	});

	/**
	 * Creates the eraser.
	 * @param delay time between closing and erasing
	 */
	ConversationEraser(ResumableSessions sessions, @Value("${" + PROPERTY + "}") Duration delay) {
		Assert.isTrue(!delay.isNegative(), () -> PROPERTY + " must not be negative, but is " + delay);
		this.sessions = sessions;
		this.delay = delay;
	}

	/**
	 * Deletes a conversation.
	 * @param sessionId its session
	 * @return whether it existed
	 */
	boolean delete(UUID sessionId) {
		boolean closed = this.sessions.close(sessionId);
		if (closed) {
			this.executor.schedule(() -> erase(sessionId), this.delay.toMillis(), TimeUnit.MILLISECONDS);
		}
		return closed;
	}

	private void erase(UUID sessionId) {
		try {
			this.sessions.erase(sessionId);
		}
		catch (EventLogUnavailableException ex) {
			logger.warn("A deleted conversation could not be erased yet; the cleanup removes it: {}", ex.getMessage());
		}
	}

	/**
	 * Leaves conversations that are not erased yet to the cleanup.
	 */
	@PreDestroy
	void stop() throws InterruptedException {
		this.executor.shutdownNow();
		this.executor.awaitTermination(5, TimeUnit.SECONDS);
	}

}
