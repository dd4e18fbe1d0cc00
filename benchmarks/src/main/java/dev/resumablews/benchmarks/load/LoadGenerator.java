package dev.resumablews.benchmarks.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * Process that simulates all clients on one thread. Reads requests from standard input as
 * lines of JSON, answers each with a line, and exits when standard input ends.
 */
public final class LoadGenerator {

	private final JsonMapper json = JsonMapper.shared();

	private final BlockingQueue<String> requests = new LinkedBlockingQueue<>();

	private final EventLoop loop;

	private @Nullable Workload held;

	private LoadGenerator(EventLoop loop) {
		this.loop = loop;
	}

	/**
	 * Starts the process.
	 * @param args none
	 * @throws IOException if the event loop fails
	 */
	public static void main(String[] args) throws IOException {
		try (EventLoop loop = new EventLoop()) {
			LoadGenerator generator = new LoadGenerator(loop);
			Thread input = new Thread(generator::readRequests, "standard-input");
			input.setDaemon(true);
			input.start();
			System.out.println("READY 0");
			generator.serve();
		}
	}

	private void readRequests() {
		try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
			for (String line = in.readLine(); line != null; line = in.readLine()) {
				this.requests.add(line);
			}
		}
		catch (IOException ex) {
			// treated as the end of the input
		}
		Runtime.getRuntime().halt(0);
	}

	private void serve() throws IOException {
		while (true) {
			String line = this.requests.poll();
			if (line == null) {
				this.loop.runOnce();
			}
			else {
				System.out.println(this.json.writeValueAsString(serve(this.json.readValue(line, LoadRequest.class))));
			}
		}
	}

	private LoadResult serve(LoadRequest request) {
		if (request instanceof LoadRequest.Release) {
			return release();
		}
		Workload workload = workload(request);
		try {
			Map<String, Double> values = workload.run();
			this.held = (request instanceof LoadRequest.Hold) ? workload : null;
			return new LoadResult(values, workload.problems());
		}
		catch (IOException ex) {
			workload.problem(ex.toString());
			close(workload);
			return new LoadResult(Map.of(), workload.problems());
		}
	}

	private LoadResult release() {
		Workload held = this.held;
		if (held == null) {
			return new LoadResult(Map.of(), Map.of("no connections are held", 1));
		}
		this.held = null;
		close(held);
		return new LoadResult(Map.of(), held.problems());
	}

	private static void close(Workload workload) {
		try {
			workload.closeAll();
		}
		catch (IOException ex) {
			workload.problem(ex.toString());
		}
	}

	private Workload workload(LoadRequest request) {
		if (request instanceof LoadRequest.Burst burst) {
			return new BurstLoad(this.loop, burst);
		}
		if (request instanceof LoadRequest.Pace pace) {
			return new PaceLoad(this.loop, pace);
		}
		if (request instanceof LoadRequest.Replay replay) {
			return new ReplayLoad(this.loop, replay);
		}
		if (request instanceof LoadRequest.Connect connect) {
			return new ConnectLoad(this.loop, connect);
		}
		if (request instanceof LoadRequest.Hold hold) {
			return new HoldLoad(this.loop, hold);
		}
		if (request instanceof LoadRequest.Fanout fanout) {
			return new FanoutLoad(this.loop, fanout);
		}
		if (request instanceof LoadRequest.Jitter jitter) {
			return new JitterLoad(this.loop, jitter);
		}
		if (request instanceof LoadRequest.Avalanche avalanche) {
			return new AvalancheLoad(this.loop, avalanche);
		}
		throw new IllegalArgumentException("Unsupported request: " + request);
	}

}
