package dev.resumablews.benchmarks.process;

import java.nio.file.Path;
import java.util.List;

import dev.resumablews.benchmarks.load.LoadGenerator;
import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.load.LoadResult;
import tools.jackson.databind.json.JsonMapper;

/**
 * The load generator's process.
 */
public final class LoadProcess implements AutoCloseable {

	private static final long LONGEST_SECONDS = 240;

	private final JsonMapper json = JsonMapper.shared();

	private final ChildProcess process;

	private LoadProcess(ChildProcess process) {
		this.process = process;
	}

	/**
	 * Starts the process.
	 * @param logs folder of the logs
	 * @return the process
	 */
	public static LoadProcess start(Path logs) {
		List<String> command = JavaCommand.of(LoadGenerator.class, JavaCommand.Container.TOMCAT, List.of("-Xmx1g"),
				List.of());
		return new LoadProcess(ChildProcess.start("load-generator", command, logs));
	}

	/**
	 * Puts a load on.
	 * @param request which
	 * @return what came out
	 */
	public LoadResult run(LoadRequest request) {
		String answer = this.process.ask(this.json.writeValueAsString(request), LONGEST_SECONDS);
		return this.json.readValue(answer, LoadResult.class);
	}

	@Override
	public void close() {
		this.process.close();
	}

}
