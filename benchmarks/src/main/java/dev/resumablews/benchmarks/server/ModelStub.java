package dev.resumablews.benchmarks.server;

import java.time.Duration;
import java.util.AbstractList;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import dev.resumablews.benchmarks.wire.Stamp;
import dev.resumablews.benchmarks.wire.StandardInput;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiAnswer.Fault;
import dev.resumablews.testing.OpenAiExchange;
import dev.resumablews.testing.OpenAiStub;
import tools.jackson.databind.JsonNode;

/**
 * Process that implements OpenAI's streaming API and sends the requested tokens. Prints
 * {@code READY <URL>} when it is ready, and exits when its standard input ends.
 */
public final class ModelStub {

	private ModelStub() {
	}

	/**
	 * Starts the process.
	 * @param args none
	 * @throws InterruptedException if the process is stopped
	 */
	public static void main(String[] args) throws InterruptedException {
		StandardInput.exitOnEnd();
		OpenAiStub stub = OpenAiStub.start();
		stub.answer(ModelStub::answer);
		System.out.println("READY " + stub.baseUrl());
		// the stub's threads do not keep the process alive
		Thread.currentThread().join();
	}

	private static OpenAiAnswer answer(OpenAiExchange exchange) {
		JsonNode messages = exchange.body().path("messages");
		ReplyOrder order = ReplyOrder.parse(messages.get(messages.size() - 1).path("content").asString());
		return new OpenAiAnswer(200, null, new StampedPieces(order), "stop", Duration.ZERO, null, Fault.NONE, 0, null);
	}

	/**
	 * Pieces that are stamped with the time at which they are due. Reading a piece blocks
	 * until that time.
	 */
	private static final class StampedPieces extends AbstractList<String> {

		private final ReplyOrder order;

		private final long start = System.nanoTime();

		private StampedPieces(ReplyOrder order) {
			this.order = order;
		}

		@Override
		public String get(int index) {
			long due = (this.order.periodMicros() == 0) ? System.nanoTime()
					: this.start + (index + 1) * this.order.periodMicros() * 1000;
			for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
				LockSupport.parkNanos(left);
			}
			return Stamp.of(due) + ReplyOrder.WORD;
		}

		@Override
		public int size() {
			return this.order.tokens();
		}

	}

}
