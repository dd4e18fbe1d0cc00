package dev.resumablews.benchmarks.scenario;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import dev.resumablews.benchmarks.load.LoadRequest;
import dev.resumablews.benchmarks.process.LoadProcess;
import dev.resumablews.benchmarks.process.PgBench;
import dev.resumablews.benchmarks.process.Postgres;
import dev.resumablews.benchmarks.process.Server;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.process.ServerSpec.Kind;
import dev.resumablews.benchmarks.process.Servers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests of the measuring processes, with short loads.
 */
@TestInstance(Lifecycle.PER_CLASS)
class HarnessTests {

	private Postgres postgres;

	private Servers servers;

	private LoadProcess load;

	private Bench bench;

	@BeforeAll
	void start(@TempDir Path folder) {
		this.postgres = Postgres.start(folder.resolve("postgres"));
		this.servers = new Servers(this.postgres, Path.of("socketio"), folder, List.of());
		this.load = LoadProcess.start(folder);
		this.bench = new Bench(this.postgres, this.servers, this.load, folder, true);
	}

	@AfterAll
	void stop() {
		this.load.close();
		this.servers.close();
		this.postgres.close();
	}

	@ParameterizedTest
	@EnumSource(names = { "OURS", "OURS_SPRING_AI", "RECIPE", "BARE", "BARE_SPRING_AI" })
	void everyTokenOfABurstIsReceived(Kind kind) {
		Server server = server(kind);
		Map<String, Double> values = this.bench
			.load(new LoadRequest.Burst(List.of(server.port()), "json", 3, 50, 2, true), server);
		assertThat(this.bench.takeProblems()).isEmpty();
		assertThat(values).containsEntry("missing", 0.0).containsEntry("remote.missing", 0.0);
		assertThat(values.get("deltas/s")).isPositive();
		assertThat(values.get("p99")).isPositive();
		assertThat(values.get("cpu.token")).isPositive();
		assertThat(values.get("cpu.postgres.token")).isNotNegative();
	}

	@ParameterizedTest
	@EnumSource(names = { "OURS", "OURS_SPRING_AI", "RECIPE", "BARE", "BARE_SPRING_AI" })
	void tokensArriveAtTheRequestedPace(Kind kind) {
		Map<String, Double> values = this.bench
			.load(new LoadRequest.Pace(List.of(server(kind).port()), "json", 3, 10, 10_000, 100, 500, false));
		assertThat(this.bench.takeProblems()).isEmpty();
		assertThat(values).containsEntry("missing", 0.0).containsEntry("unheard", 0.0);
		// 100 a second in each session, minus the time between replies
		assertThat(values.get("deltas/s")).isBetween(50.0, 300.0);
	}

	@ParameterizedTest
	@EnumSource(names = { "OURS", "RECIPE" })
	void seededEventsAreReplayed(Kind kind) {
		Server server = server(kind);
		Tables tables = new Tables(this.postgres, ServerSpec.of(kind));
		tables.clear();
		tables.seed(150, 7);
		Map<String, Double> values = this.bench.load(new LoadRequest.Replay(server.port(), 150, 150, 7, 20));
		assertThat(this.bench.takeProblems()).isEmpty();
		assertThat(values).containsEntry("missing", 0.0);
		assertThat(values.get("events/s")).isPositive();
	}

	@ParameterizedTest
	@EnumSource(names = { "OURS", "SOCKETIO" })
	void clientsThatAreCutReceiveTheMessagesTheyMissed(Kind kind) {
		assumeInstalled(kind);
		Map<String, Double> values = measure("jitter", kind, "jitter.clients=5", "jitter.messages=20",
				"jitter.period-millis=100", "jitter.cut-every-millis=800", "jitter.cut-for-millis=200");
		assertThat(this.bench.takeProblems()).isEmpty();
		assertThat(values).containsEntry("duplicates", 0.0).containsEntry("published", 100.0);
		assertThat(values.get("cuts")).isPositive();
		assertThat(values.get("replays")).isPositive();
		assertThat(values.get("p99")).isPositive();
		if (kind == Kind.OURS) {
			assertThat(values).containsEntry("delivered", 100.0);
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "OURS", "SOCKETIO" })
	void clientsReconnectToAServerThatWasKilled(Kind kind) {
		assumeInstalled(kind);
		Map<String, Double> values = measure("avalanche-5", kind, "avalanche.clients=5", "avalanche.messages=6",
				"avalanche.period-millis=200", "avalanche.kill-after-millis=500");
		assertThat(values).containsEntry("never", 0.0).containsEntry("duplicates", 0.0);
		assertThat(values.get("down")).isPositive();
		assertThat(values.get("back.p95")).isPositive();
		if (kind == Kind.OURS) {
			assertThat(values).containsEntry("delivered", 100.0).containsEntry("behind", 0.0);
			assertThat(values.get("p95")).isPositive();
		}
	}

	@Test
	void pgBenchRunsTheStatementOfTheLog(@TempDir Path folder) {
		assumeTrue(PgBench.find(folder) != null, "pgbench is not installed");
		server(Kind.OURS);
		new Tables(this.postgres, ServerSpec.of(Kind.OURS)).clear();
		// the statement is captured while a new server is warmed up
		this.bench.stop(ServerSpec.of(Kind.OURS));
		Append append = new Append();
		append.measure("ours", this.bench);
		Map<String, Double> values = append.measure("pgbench", this.bench);
		assertThat(this.bench.takeProblems()).isEmpty();
		assertThat(values.get("events/s")).isPositive();
	}

	@Test
	void aRejectedConnectionIsReported() {
		Server server = server(Kind.RECIPE);
		this.bench.load(new LoadRequest.Burst(List.of(server.port()), "socketio", 1, 1, 1, false));
		assertThat(this.bench.takeProblems()).isNotEmpty();
	}

	private Map<String, Double> measure(String scenario, Kind kind, String... settings) {
		return Scenarios.all(Parameters.parse(true, List.of(settings)))
			.stream()
			.filter((known) -> known.name().equals(scenario))
			.findFirst()
			.orElseThrow()
			.measure(kind.variant(), this.bench);
	}

	private static void assumeInstalled(Kind kind) {
		assumeTrue(kind != Kind.SOCKETIO || Files.isDirectory(Path.of("socketio/node_modules/socket.io")),
				"Socket.IO is not installed");
	}

	private Server server(Kind kind) {
		// the first call of the model takes longer than the loads of these tests
		return this.bench.server(ServerSpec.of(kind),
				(fresh) -> this.bench.load(new LoadRequest.Burst(List.of(fresh.port()), "json", 1, 1, 1, false)));
	}

}
