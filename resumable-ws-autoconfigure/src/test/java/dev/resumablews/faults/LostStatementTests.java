package dev.resumablews.faults;

import java.util.ArrayList;
import java.util.Collection;
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
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import dev.resumablews.testing.Fault;
import dev.resumablews.testing.FaultPlan;
import dev.resumablews.testing.LibraryStatements;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.PostgresRequest;
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
 * Loses each statement of the library, and the answer to each, several times in one run
 * of a scenario that uses everything. A few statements are lost in the same run, and
 * several run at a time, each on its own nodes and database.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Finds out which statements there are by a run without faults")
class LostStatementTests {

	private static final int SCENARIOS = 3;

	/**
	 * How many statements are lost in the same run: as many runs fewer are needed.
	 */
	private static final int STATEMENTS = 3;

	/**
	 * How often a fault strikes in each step, since background work may take the first
	 * one.
	 */
	private static final int STRIKES = 2;

	/**
	 * How often the scenario is run until the fault strikes.
	 */
	private static final int RUNS = 3;

	private static final int PATIENCE_MINUTES = 5;

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
		part.run(scenario, List.of());
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
		Map<Strikes, CompletableFuture<Void>> results = new LinkedHashMap<>();
		// the longest first
		Stream.of(Part.values())
			.sorted(Comparator.reverseOrder())
			.forEach((part) -> groups(part, fault).forEach((group) -> {
				CompletableFuture<Void> result = CompletableFuture.runAsync(() -> lose(part, group), this.runs);
				group.forEach((strikes) -> results.put(strikes, result));
			}));
		return results.entrySet()
			.stream()
			.map((entry) -> DynamicTest.dynamicTest(name(entry.getKey().statement()),
					() -> assertStruck(entry.getKey(), entry.getValue())));
	}

	/**
	 * Divides the statements of a part into those that are lost in the same run. Those of
	 * one transaction read alike, and are kept apart by their order.
	 */
	private Collection<List<Strikes>> groups(Part part, Fault fault) {
		List<String> all = this.statements.keySet()
			.stream()
			.filter((statement) -> this.statements.get(statement) == part && this.library.contains(statement))
			.toList();
		int groups = (all.size() + STATEMENTS - 1) / STATEMENTS;
		return IntStream.range(0, all.size())
			.boxed()
			.collect(Collectors.groupingBy((i) -> i % groups,
					Collectors.mapping((i) -> new Strikes(all.get(i), fault), Collectors.toList())))
			.values();
	}

	private void lose(Part part, List<Strikes> group) {
		EveryStatement scenario = this.scenarios.remove();
		try {
			List<Strikes> left = group;
			for (int run = 1; run <= RUNS && !left.isEmpty(); run++) {
				part.run(scenario, left);
				left = group.stream().filter((strikes) -> strikes.count() == 0).toList();
			}
		}
		catch (RuntimeException | Error ex) {
			throw new AssertionError(
					"Lost together: " + group.stream().map(Strikes::statement).collect(Collectors.joining("; ")), ex);
		}
		finally {
			this.scenarios.add(scenario);
		}
	}

	private static void assertStruck(Strikes strikes, CompletableFuture<Void> result) throws Throwable {
		try {
			result.get(PATIENCE_MINUTES, TimeUnit.MINUTES);
		}
		catch (ExecutionException ex) {
			throw ex.getCause();
		}
		assumeThat(strikes.count() > 0 || !happensByChance(strikes.statement())).isTrue();
		assertThat(strikes.count()).as("lost executions of " + strikes.statement()).isPositive();
	}

	/**
	 * Whether a run may do without a statement: some commits depend on which node is
	 * first, and a batch that concerns relays and replies on two events that meet.
	 */
	private static boolean happensByChance(String statement) {
		return statement.startsWith("commit")
				|| statement.contains("relay_asked as (") && statement.contains("requested as (");
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

		void run(EveryStatement scenario, List<Strikes> strikes) {
			List<Strikes> all = new ArrayList<>(strikes);
			if (this == LOST_COMMITS) {
				all.add(Strikes.ofEachCommit(Fault.DROP_ANSWER));
			}
			scenario.postgres()
				.plan((request) -> all.stream()
					.filter((each) -> each.strikes(request))
					.findFirst()
					.map(Strikes::fault)
					.orElse(Fault.NONE));
			try {
				this.scenario.accept(scenario, () -> all.forEach(Strikes::arm));
			}
			finally {
				scenario.postgres().plan(FaultPlan.NONE);
			}
		}

	}

	/**
	 * A fault that strikes a statement's next executions whenever it is armed.
	 */
	private static final class Strikes {

		private final String statement;

		private final Predicate<PostgresRequest> wanted;

		private final Fault fault;

		private final AtomicInteger left = new AtomicInteger();

		private final AtomicInteger count = new AtomicInteger();

		Strikes(String statement, Fault fault) {
			this(statement, (request) -> request.key().equals(statement), fault);
		}

		private Strikes(String statement, Predicate<PostgresRequest> wanted, Fault fault) {
			this.statement = statement;
			this.wanted = wanted;
			this.fault = fault;
		}

		static Strikes ofEachCommit(Fault fault) {
			return new Strikes("commit", PostgresRequest::isCommit, fault);
		}

		String statement() {
			return this.statement;
		}

		Fault fault() {
			return this.fault;
		}

		void arm() {
			this.left.set(STRIKES);
		}

		int count() {
			return this.count.get();
		}

		boolean strikes(PostgresRequest request) {
			if (this.wanted.test(request) && this.left.getAndDecrement() > 0) {
				this.count.incrementAndGet();
				return true;
			}
			return false;
		}

	}

}
