package dev.resumablews.faults;

import dev.resumablews.testing.FaultPlan;
import dev.resumablews.testing.LibraryStatements;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the guarantees of the library while statements are delayed or lost, responses are
 * lost and backends are terminated at random.
 */
@TestInstance(Lifecycle.PER_CLASS)
class RandomFaultTests {

	private static final int STATEMENTS_PER_FAULT = 20;

	private static final long SEED = TestPostgres.faultSeed();

	private EveryStatement scenario;

	@BeforeAll
	void start() {
		System.out.printf("Injecting a fault into one in %d statements: -D%s=%d%n", STATEMENTS_PER_FAULT,
				TestPostgres.FAULTS, SEED);
		this.scenario = new EveryStatement();
		this.scenario.postgres().plan(FaultPlan.random(SEED, STATEMENTS_PER_FAULT, LibraryStatements.read()::contains));
	}

	@AfterAll
	void stop() {
		System.out.println("Disturbed: " + this.scenario.postgres().faults());
		this.scenario.close();
	}

	@RepeatedTest(8)
	void nothingIsLostAndEveryReplyEnds() {
		this.scenario.run(() -> {
		});
		assertThat(this.scenario.postgres().faults().values().stream().mapToInt(Integer::intValue).sum()).isPositive();
	}

	@Test
	void aReplyEndsWhenItsNodeStops() {
		this.scenario.startAndStop(() -> {
		});
	}

}
