package dev.resumablews.testing;

import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Strategy that selects the fault for each request through {@link FaultyPostgres}. Called
 * by many threads at once.
 */
@FunctionalInterface
public interface FaultPlan {

	/**
	 * A plan without faults.
	 */
	FaultPlan NONE = (request) -> Fault.NONE;

	/**
	 * Selects the fault for a request.
	 * @param request the request
	 * @return the fault
	 */
	Fault decide(PostgresRequest request);

	/**
	 * Returns a plan with one fault, in one execution of a statement.
	 * @param statement the statement, see {@link PostgresRequest#key()}
	 * @param execution the number of the execution, from 1
	 * @param fault the fault
	 * @return the plan
	 */
	static FaultPlan once(String statement, int execution, Fault fault) {
		return once((request) -> request.key().equals(statement), execution, fault);
	}

	/**
	 * Returns a plan with one fault, in one of the matching requests.
	 * @param filter matches the requests to count
	 * @param execution the number of the request with the fault, from 1
	 * @param fault the fault
	 * @return the plan
	 */
	static FaultPlan once(Predicate<PostgresRequest> filter, int execution, Fault fault) {
		AtomicInteger executions = new AtomicInteger();
		return (request) -> (filter.test(request) && executions.incrementAndGet() == execution) ? fault : Fault.NONE;
	}

	/**
	 * Returns a plan with random faults, all with the same probability.
	 * @param seed the seed; the result also depends on the order in which threads send
	 * requests
	 * @param oneIn the average number of requests for each fault
	 * @param filter matches the requests that may have a fault
	 * @return the plan
	 */
	static FaultPlan random(long seed, int oneIn, Predicate<PostgresRequest> filter) {
		List<Fault> faults = List.of(Fault.DELAY, Fault.DROP, Fault.DROP_ANSWER, Fault.KILL);
		Random random = new Random(seed);
		return (request) -> (filter.test(request) && random.nextInt(oneIn) == 0)
				? faults.get(random.nextInt(faults.size())) : Fault.NONE;
	}

}
