package dev.resumablews.testing;

import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Decides what happens to the requests that pass through {@link FaultyPostgres}. Called
 * by many threads at once.
 */
@FunctionalInterface
public interface FaultPlan {

	/**
	 * A plan without faults.
	 */
	FaultPlan NONE = (request) -> Fault.NONE;

	/**
	 * Decides about a request.
	 * @param request the request
	 * @return what happens to it
	 */
	Fault decide(PostgresRequest request);

	/**
	 * Returns a plan with a single fault, for one execution of a statement.
	 * @param statement the statement, see {@link PostgresRequest#key()}
	 * @param execution which execution, counted from 1
	 * @param fault what happens to it
	 * @return the plan
	 */
	static FaultPlan once(String statement, int execution, Fault fault) {
		return once((request) -> request.key().equals(statement), execution, fault);
	}

	/**
	 * Returns a plan with a single fault.
	 * @param wanted says which requests to count
	 * @param execution which of them fails, counted from 1
	 * @param fault what happens to it
	 * @return the plan
	 */
	static FaultPlan once(Predicate<PostgresRequest> wanted, int execution, Fault fault) {
		AtomicInteger executions = new AtomicInteger();
		return (request) -> (wanted.test(request) && executions.incrementAndGet() == execution) ? fault : Fault.NONE;
	}

	/**
	 * Returns a plan that disturbs requests at random, each kind of fault as often as the
	 * others.
	 * @param seed decides which; the order in which threads send requests does, too
	 * @param oneIn how many requests there are for each fault
	 * @param wanted says which requests may be disturbed
	 * @return the plan
	 */
	static FaultPlan random(long seed, int oneIn, Predicate<PostgresRequest> wanted) {
		List<Fault> faults = List.of(Fault.DELAY, Fault.DROP, Fault.DROP_ANSWER, Fault.KILL);
		Random random = new Random(seed);
		return (request) -> (wanted.test(request) && random.nextInt(oneIn) == 0)
				? faults.get(random.nextInt(faults.size())) : Fault.NONE;
	}

}
