package dev.resumablews.benchmarks.loops;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.protocol.ClientFrame;
import dev.resumablews.internal.protocol.DeltaMerger;
import dev.resumablews.internal.protocol.FrameReader;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.protocol.MalformedFrameException;
import dev.resumablews.internal.protocol.ServerMessage;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures the code that runs for each delta, each message of a client, and each page of
 * a replay.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProtocolLoops {

	private static final int PAGE = 500;

	private final FrameWriter writer = new FrameWriter();

	private final FrameReader reader = new FrameReader();

	private final DeltaMerger merger = new DeltaMerger(64 * 1024);

	private final UUID messageId = UUID.randomUUID();

	private final SessionEvent delta = delta(1, 0);

	private final List<SessionEvent> page = page();

	private final ServerMessage ack = new ServerMessage.Ack(UUID.randomUUID(), 1L, false);

	private final String userMessage = "{\"type\":\"user_message\",\"content\":\"Who was Ada Lovelace?\",\"idempotency_key\":\""
			+ UUID.randomUUID() + "\"}";

	/**
	 * Writes a delta for the wire.
	 * @return the frame
	 */
	@Benchmark
	public String writeDelta() {
		return this.writer.write(this.delta, false);
	}

	/**
	 * Writes the acknowledgement of a user message.
	 * @return the frame
	 */
	@Benchmark
	public String writeAck() {
		return this.writer.write(this.ack);
	}

	/**
	 * Reads a user message.
	 * @return the message
	 * @throws MalformedFrameException never
	 */
	@Benchmark
	public ClientFrame readUserMessage() throws MalformedFrameException {
		return this.reader.read(this.userMessage);
	}

	/**
	 * Merges a page of deltas.
	 * @return the merged events
	 */
	@Benchmark
	public List<SessionEvent> mergePage() {
		return this.merger.merge(this.page);
	}

	private List<SessionEvent> page() {
		List<SessionEvent> page = new ArrayList<>();
		for (int i = 0; i < PAGE; i++) {
			page.add(delta(i + 1, i * " word".length()));
		}
		return page;
	}

	private SessionEvent delta(long id, int offset) {
		return new SessionEvent(new UUID(1, 1), id, "assistant_delta",
				"{\"message_id\":\"%s\",\"offset\":%d,\"content\":\" word\"}".formatted(this.messageId, offset),
				Instant.parse("2026-01-31T12:00:00.812690Z"));
	}

}
