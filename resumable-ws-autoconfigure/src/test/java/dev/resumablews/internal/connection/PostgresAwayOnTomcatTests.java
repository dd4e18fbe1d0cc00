package dev.resumablews.internal.connection;

class PostgresAwayOnTomcatTests extends PostgresAwayTests {

	PostgresAwayOnTomcatTests() {
		super(false);
	}

}
