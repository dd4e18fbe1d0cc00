package dev.resumablews.faults;

import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.testing.Fault;
import dev.resumablews.testing.FaultPlan;
import dev.resumablews.testing.LibraryStatements;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.PostgresRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Loses each statement of the library in turn, and the answer to each, several times in
 * one run of a scenario that uses everything. Most of a run is waiting, so several run at
 * a time, each on its own nodes and database.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Finds out which statements there are by a run without faults")
class LostStatementTests {

	private static final int SCENARIOS = 3;

	/**
	 * How often a fault strikes in each step, since background work may take the first
	 * one.
	 */
	private static final int STRIKES = 2;

	/**
	 * How often the scenario is run until the fault strikes.
	 */
	private static final int RUNS = 3;

	private static final int NAME_LENGTH = 110;

	/**
	 * Runs only where the library does not create the tables, or cannot, and nothing but
	 * the start depends on it.
	 */
	private static final List<String> WITHOUT_MIGRATION = List.of("dev.resumablews.internal.schema.WriteCheck:",
			"dev.resumablews.internal.schema.StartFailures:");

	/**
	 * Runs only after a failover that has lost events.
	 */
	private static final String AFTER_A_LOSS = "dev.resumablews.internal.log.SessionTable: with ended as";

	private final LibraryStatements library = LibraryStatements.read();

	/**
	 * The statements, with the part of the scenario that executes them.
	 */
	private final Map<String, Part> statements = new TreeMap<>();

	private final Set<String> executed = new HashSet<>();

	private final BlockingQueue<EveryStatement> scenarios = new LinkedBlockingQueue<>();

	private final ExecutorService runs = Executors.newFixedThreadPool(SCENARIOS);

	/**
	 * Finds out which statements there are.
	 */
	@BeforeAll
	void start() {
		IntStream.range(0, SCENARIOS).parallel().forEach((i) -> this.scenarios.add(new EveryStatement()));
		List<EveryStatement> all = List.copyOf(this.scenarios);
		CompletableFuture<Set<String>> quiet = CompletableFuture.supplyAsync(() -> executed(Part.QUIET, all.get(1)),
				this.runs);
		for (Part part : Part.values()) {
			Set<String> found = (part == Part.QUIET) ? quiet.join() : executed(part, all.get(0));
			found.forEach((statement) -> this.statements.putIfAbsent(statement, part));
		}
		all.forEach((scenario) -> this.executed.addAll(scenario.postgres().statements()));
	}

	/**
	 * Runs a part and returns the statements that it executes.
	 */
	private static Set<String> executed(Part part, EveryStatement scenario) {
		Map<String, Integer> before = scenario.postgres().executions();
		part.run(scenario, Strikes.none());
		Map<String, Integer> after = scenario.postgres().executions();
		return after.keySet()
			.stream()
			.filter((statement) -> after.get(statement) > before.getOrDefault(statement, 0))
			.collect(Collectors.toSet());
	}

	@AfterAll
	void stop() {
		this.runs.shutdownNow();
		this.scenarios.forEach(EveryStatement::close);
	}

	@Test
	void everyStatementOfTheLibraryIsCovered() {
		assertThat(this.library.missingFrom(this.executed))
			.filteredOn((missing) -> WITHOUT_MIGRATION.stream().noneMatch(missing::startsWith)
					&& !missing.startsWith(AFTER_A_LOSS))
			.isEmpty();
	}

	@TestFactory
	Stream<DynamicTest> nothingIsLostWith() {
		return tests(Fault.DROP);
	}

	@TestFactory
	Stream<DynamicTest> nothingIsLostWithTheAnswerTo() {
		return tests(Fault.DROP_ANSWER);
	}

	private Stream<DynamicTest> tests(Fault fault) {
		Map<String, CompletableFuture<Void>> results = new LinkedHashMap<>();
		// the longest first
		this.statements.keySet()
			.stream()
			.filter(this.library::contains)
			.sorted(Comparator.comparing(this.statements::get).reversed())
			.forEach((statement) -> results.put(statement,
					CompletableFuture.runAsync(() -> lose(statement, fault), this.runs)));
		return results.entrySet()
			.stream()
			.map((entry) -> DynamicTest.dynamicTest(name(entry.getKey()), () -> await(entry.getValue())));
	}

	private void lose(String statement, Fault fault) {
		EveryStatement scenario = this.scenarios.remove();
		try {
			Strikes strikes = new Strikes(statement, fault);
			for (int run = 1; run <= RUNS && strikes.count() == 0; run++) {
				this.statements.getOrDefault(statement, Part.RUN).run(scenario, strikes);
			}
			// some commits depend on which node is first
			assumeThat(strikes.count() == 0 && statement.startsWith("commit")).isFalse();
			assertThat(strikes.count()).as("lost executions of " + statement).isPositive();
		}
		finally {
			this.scenarios.add(scenario);
		}
	}

	private static void await(CompletableFuture<Void> result) throws Throwable {
		try {
			result.get(5, TimeUnit.MINUTES);
		}
		catch (ExecutionException ex) {
			throw ex.getCause();
		}
	}

	private static String name(String statement) {
		return (statement.length() > NAME_LENGTH) ? statement.substring(0, NAME_LENGTH) + "…" : statement;
	}

	/**
	 * Parts of the scenario.
	 */
	private enum Part {

		/**
		 * What nodes do while they run.
		 */
		RUN(EveryStatement::run),

		/**
		 * The same, while answers to commits are lost, which makes the library look
		 * whether they took place.
		 */
		LOST_COMMITS(EveryStatement::run),

		/**
		 * The start and the stop of a node.
		 */
		START_AND_STOP(EveryStatement::startAndStop),

		/**
		 * The first start of a node, in a schema that does not exist.
		 */
		CREATE_SCHEMA(EveryStatement::createSchema),

		/**
		 * A node whose application handles user messages.
		 */
		HANDLE(EveryStatement::handle),

		/**
		 * What nodes do when nothing happens for a while.
		 */
		QUIET(EveryStatement::rest);

		private final BiConsumer<EveryStatement, Runnable> scenario;

		Part(BiConsumer<EveryStatement, Runnable> scenario) {
			this.scenario = scenario;
		}

		void run(EveryStatement scenario, Strikes strikes) {
			Strikes all = (this == LOST_COMMITS) ? strikes.and(new Strikes(null, Fault.DROP_ANSWER)) : strikes;
			scenario.postgres().plan(all);
			try {
				this.scenario.accept(scenario, all::arm);
			}
			finally {
				scenario.postgres().plan(FaultPlan.NONE);
			}
		}

	}

	/**
	 * A fault that strikes a statement's next executions whenever it is armed.
	 */
	private static final class Strikes implements FaultPlan {

		private final @Nullable String statement;

		private final Fault fault;

		private final AtomicInteger left = new AtomicInteger();

		private final AtomicInteger count = new AtomicInteger();

		private @Nullable Strikes next;

		/**
		 * Creates the fault.
		 * @param statement the statement; null for each commit
		 */
		Strikes(@Nullable String statement, Fault fault) {
			this.statement = statement;
			this.fault = fault;
		}

		static Strikes none() {
			return new Strikes("", Fault.NONE);
		}

		Strikes and(Strikes next) {
			this.next = next;
			return this;
		}

		void arm() {
			this.left.set(STRIKES);
			if (this.next != null) {
				this.next.arm();
			}
		}

		int count() {
			return this.count.get();
		}

		@Override
		public Fault decide(PostgresRequest request) {
			boolean wanted = (this.statement != null) ? request.key().equals(this.statement) : request.isCommit();
			if (wanted && this.left.getAndDecrement() > 0) {
				this.count.incrementAndGet();
				return this.fault;
			}
			return (this.next != null) ? this.next.decide(request) : Fault.NONE;
		}

	}

}
