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
 * Tests that no event is lost when a statement of the library or its response is lost.
 * Each statement is lost several times in one run of {@link EveryStatement}. A few
 * statements are lost in the same run, and several runs are concurrent, each with
 * separate nodes and a separate database.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Discovers the statements in a run without faults")
class LostStatementTests {

	private static final int SCENARIOS = 3;

	/**
	 * How many statements are lost in the same run, which divides the number of runs.
	 */
	private static final int STATEMENTS = 3;

	/**
	 * How often a fault is injected in each step, because background work may execute the
	 * statement first.
	 */
	private static final int INJECTIONS = 2;

	/**
	 * How often the scenario is run until the fault is injected.
	 */
	private static final int RUNS = 3;

	private static final int PATIENCE_MINUTES = 5;

	private static final int NAME_LENGTH = 110;

	/**
	 * Statements that are executed only if the library does not or cannot create the
	 * tables. Only the start of a node depends on them.
	 */
	private static final List<String> ONLY_WITHOUT_MIGRATION = List.of("dev.resumablews.internal.schema.WriteCheck:",
			"dev.resumablews.internal.schema.StartFailures:");

	/**
	 * Statement that is executed only after a failover that lost events.
	 */
	private static final String ONLY_AFTER_A_FAILOVER = "dev.resumablews.internal.log.SessionTable: with ended as";

	private final LibraryStatements library = LibraryStatements.read();

	/**
	 * The statements, each with the part of the scenario that executes it.
	 */
	private final Map<String, Part> statements = new TreeMap<>();

	private final Set<String> executed = new HashSet<>();

	private final BlockingQueue<EveryStatement> scenarios = new LinkedBlockingQueue<>();

	private final ExecutorService runs = Executors.newFixedThreadPool(SCENARIOS);

	/**
	 * Discovers the statements.
	 */
	@BeforeAll
	void start() {
		IntStream.range(0, SCENARIOS).parallel().forEach((i) -> this.scenarios.add(new EveryStatement()));
		List<EveryStatement> all = List.copyOf(this.scenarios);
		CompletableFuture<Set<String>> idle = CompletableFuture.supplyAsync(() -> executed(Part.IDLE, all.get(1)),
				this.runs);
		for (Part part : Part.values()) {
			Set<String> found = (part == Part.IDLE) ? idle.join() : executed(part, all.get(0));
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
			.filteredOn((missing) -> ONLY_WITHOUT_MIGRATION.stream().noneMatch(missing::startsWith)
					&& !missing.startsWith(ONLY_AFTER_A_FAILOVER))
			.isEmpty();
	}

	@TestFactory
	Stream<DynamicTest> nothingIsLostWhenAStatementIsLost() {
		return tests(Fault.DROP);
	}

	@TestFactory
	Stream<DynamicTest> nothingIsLostWhenTheResponseToAStatementIsLost() {
		return tests(Fault.DROP_ANSWER);
	}

	private Stream<DynamicTest> tests(Fault fault) {
		Map<ArmedFault, CompletableFuture<Void>> results = new LinkedHashMap<>();
		// the longest parts first
		Stream.of(Part.values())
			.sorted(Comparator.reverseOrder())
			.forEach((part) -> groups(part, fault).forEach((group) -> {
				CompletableFuture<Void> result = CompletableFuture.runAsync(() -> lose(part, group), this.runs);
				group.forEach((armedFault) -> results.put(armedFault, result));
			}));
		return results.entrySet()
			.stream()
			.map((entry) -> DynamicTest.dynamicTest(name(entry.getKey().statement()),
					() -> assertInjected(entry.getKey(), entry.getValue())));
	}

	/**
	 * Divides the statements of a part into groups that are lost in the same run. The
	 * statements of one transaction have similar texts, so their order keeps them in
	 * different groups.
	 */
	private Collection<List<ArmedFault>> groups(Part part, Fault fault) {
		List<String> all = this.statements.keySet()
			.stream()
			.filter((statement) -> this.statements.get(statement) == part && this.library.contains(statement))
			.toList();
		int groups = (all.size() + STATEMENTS - 1) / STATEMENTS;
		return IntStream.range(0, all.size())
			.boxed()
			.collect(Collectors.groupingBy((i) -> i % groups,
					Collectors.mapping((i) -> new ArmedFault(all.get(i), fault), Collectors.toList())))
			.values();
	}

	private void lose(Part part, List<ArmedFault> group) {
		EveryStatement scenario = this.scenarios.remove();
		try {
			List<ArmedFault> left = group;
			for (int run = 1; run <= RUNS && !left.isEmpty(); run++) {
				part.run(scenario, left);
				left = group.stream().filter((armedFault) -> armedFault.count() == 0).toList();
			}
		}
		catch (RuntimeException | Error ex) {
			throw new AssertionError(
					"Lost together: " + group.stream().map(ArmedFault::statement).collect(Collectors.joining("; ")),
					ex);
		}
		finally {
			this.scenarios.add(scenario);
		}
	}

	private static void assertInjected(ArmedFault armedFault, CompletableFuture<Void> result) throws Throwable {
		try {
			result.get(PATIENCE_MINUTES, TimeUnit.MINUTES);
		}
		catch (ExecutionException ex) {
			throw ex.getCause();
		}
		assumeThat(armedFault.count() > 0 || !happensByChance(armedFault.statement())).isTrue();
		assertThat(armedFault.count()).as("lost executions of " + armedFault.statement()).isPositive();
	}

	/**
	 * Whether a run may do without a statement: some commits depend on which node is
	 * first, and a batch that concerns relays and replies on two events that meet.
	 */
	private static boolean happensByChance(String statement) {
		return statement.startsWith("commit")
				|| statement.contains("relays as materialized (") && statement.contains("claimed as materialized (");
	}

	private static String name(String statement) {
		return (statement.length() > NAME_LENGTH) ? statement.substring(0, NAME_LENGTH) + "…" : statement;
	}

	/**
	 * A part of the scenario.
	 */
	private enum Part {

		/**
		 * The features of running nodes.
		 */
		RUN(EveryStatement::run),

		/**
		 * The same while responses to commits are lost, so that the library checks
		 * whether they succeeded.
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
		 * The background work of idle nodes.
		 */
		IDLE(EveryStatement::idle);

		private final BiConsumer<EveryStatement, Runnable> scenario;

		Part(BiConsumer<EveryStatement, Runnable> scenario) {
			this.scenario = scenario;
		}

		void run(EveryStatement scenario, List<ArmedFault> faults) {
			List<ArmedFault> all = new ArrayList<>(faults);
			if (this == LOST_COMMITS) {
				all.add(ArmedFault.ofEachCommit(Fault.DROP_ANSWER));
			}
			scenario.postgres()
				.plan((request) -> all.stream()
					.filter((each) -> each.injectsInto(request))
					.findFirst()
					.map(ArmedFault::fault)
					.orElse(Fault.NONE));
			try {
				this.scenario.accept(scenario, () -> all.forEach(ArmedFault::arm));
			}
			finally {
				scenario.postgres().plan(FaultPlan.NONE);
			}
		}

	}

	/**
	 * A fault that is injected into the next executions of a statement after each call of
	 * {@link #arm()}.
	 */
	private static final class ArmedFault {

		private final String statement;

		private final Predicate<PostgresRequest> filter;

		private final Fault fault;

		private final AtomicInteger left = new AtomicInteger();

		private final AtomicInteger count = new AtomicInteger();

		ArmedFault(String statement, Fault fault) {
			this(statement, (request) -> request.key().equals(statement), fault);
		}

		private ArmedFault(String statement, Predicate<PostgresRequest> filter, Fault fault) {
			this.statement = statement;
			this.filter = filter;
			this.fault = fault;
		}

		static ArmedFault ofEachCommit(Fault fault) {
			return new ArmedFault("commit", PostgresRequest::isCommit, fault);
		}

		String statement() {
			return this.statement;
		}

		Fault fault() {
			return this.fault;
		}

		void arm() {
			this.left.set(INJECTIONS);
		}

		int count() {
			return this.count.get();
		}

		boolean injectsInto(PostgresRequest request) {
			if (this.filter.test(request) && this.left.getAndDecrement() > 0) {
				this.count.incrementAndGet();
				return true;
			}
			return false;
		}

	}

}
