package dev.resumablews.benchmarks.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.process.JavaCommand.Container;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;
import dev.resumablews.benchmarks.server.BenchmarkServer;
import dev.resumablews.benchmarks.server.ModelStub;
import org.jspecify.annotations.Nullable;

/**
 * The running servers. Each has its own database, except for nodes that share one. Not
 * safe for use by several threads, except for {@link #restart} and {@link #close}.
 */
public final class Servers implements AutoCloseable {

	private final Map<ServerSpec, Server> running = new LinkedHashMap<>();

	private final Postgres postgres;

	private final Path socketIo;

	private final Path logs;

	private final List<String> options;

	private @Nullable ChildProcess model;

	/**
	 * Creates an instance without servers.
	 * @param postgres the Postgres server of their databases
	 * @param socketIo directory of the Socket.IO server
	 * @param logs directory of the logs
	 * @param options additional options of their JVMs
	 */
	public Servers(Postgres postgres, Path socketIo, Path logs, List<String> options) {
		this.postgres = postgres;
		this.socketIo = socketIo;
		this.logs = logs;
		this.options = List.copyOf(options);
	}

	/**
	 * Returns a server, and starts it if it does not run.
	 * @param spec specification of the server
	 * @return the server
	 */
	public synchronized Server get(ServerSpec spec) {
		Server server = this.running.get(spec);
		if (server == null) {
			server = new Server(ChildProcess.start(name(spec), command(spec), this.logs));
			this.running.put(spec, server);
		}
		return server;
	}

	/**
	 * Waits until a server's process has ended, and starts it again.
	 * @param spec specification of the server
	 * @return the new process
	 */
	public Server restart(ServerSpec spec) {
		Server ended = get(spec);
		ended.awaitEnd();
		synchronized (this) {
			if (!this.running.remove(spec, ended)) {
				throw new IllegalStateException(name(spec) + " has been stopped");
			}
			return get(spec);
		}
	}

	/**
	 * Stops a server.
	 * @param spec specification of the server
	 */
	public synchronized void stop(ServerSpec spec) {
		Server server = this.running.remove(spec);
		if (server != null) {
			server.close();
		}
	}

	/**
	 * Stops all servers and drops their databases.
	 */
	public synchronized void stopAll() {
		List<Thread> stops = new ArrayList<>();
		this.running.values().forEach((server) -> stops.add(new Thread(server::close)));
		stops.forEach(Thread::start);
		for (Thread stop : stops) {
			try {
				stop.join();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
		this.running.keySet().stream().map(ServerSpec::database).distinct().forEach(this.postgres::drop);
		this.running.clear();
		if (this.model != null) {
			this.model.close();
			this.model = null;
		}
	}

	@Override
	public void close() {
		stopAll();
	}

	private List<String> command(ServerSpec spec) {
		if (spec.kind() == Kind.SOCKETIO) {
			List<String> command = new ArrayList<>(
					List.of("node", "--expose-gc", this.socketIo.resolve("server.js").toString()));
			spec.properties().forEach((property) -> command.add("--" + property));
			return command;
		}
		List<String> arguments = new ArrayList<>();
		arguments.add("--spring.profiles.active=" + spec.kind().profile());
		arguments.add("--spring.datasource.url=" + this.postgres.create(spec.database()));
		if (spec.kind().callsModel()) {
			arguments.addAll(List.of("--spring.ai.model.chat=openai", "--spring.ai.openai.api-key=none",
					"--spring.ai.openai.base-url=" + model()));
		}
		spec.properties().forEach((property) -> arguments.add("--" + property));
		List<String> options = new ArrayList<>(spec.options());
		options.addAll(this.options);
		return JavaCommand.of(BenchmarkServer.class, spec.jetty() ? Container.JETTY : Container.TOMCAT, options,
				arguments);
	}

	private String model() {
		ChildProcess model = this.model;
		if (model == null) {
			model = ChildProcess.start("model",
					JavaCommand.of(ModelStub.class, Container.TOMCAT, List.of("-Xmx512m"), List.of()), this.logs);
			this.model = model;
		}
		return model.address();
	}

	private static String name(ServerSpec spec) {
		return spec.database().replaceFirst("bench_", "").replace('_', '-') + (spec.jetty() ? "-jetty" : "")
				+ ((spec.node() > 0) ? "-" + spec.node() : "");
	}

}
