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

	private static final long TIMEOUT_SECONDS = 600;

	private final JsonMapper json = JsonMapper.shared();

	private final ChildProcess process;

	private LoadProcess(ChildProcess process) {
		this.process = process;
	}

	/**
	 * Starts the process.
	 * @param logs directory of the logs
	 * @return the process
	 */
	public static LoadProcess start(Path logs) {
		List<String> command = JavaCommand.of(LoadGenerator.class, JavaCommand.Container.TOMCAT, List.of("-Xmx1g"),
				List.of());
		return new LoadProcess(ChildProcess.start("load-generator", command, logs));
	}

	/**
	 * Runs a load.
	 * @param request the load
	 * @return the result
	 */
	public LoadResult run(LoadRequest request) {
		String answer = this.process.request(this.json.writeValueAsString(request), TIMEOUT_SECONDS);
		return this.json.readValue(answer, LoadResult.class);
	}

	@Override
	public void close() {
		this.process.close();
	}

}
