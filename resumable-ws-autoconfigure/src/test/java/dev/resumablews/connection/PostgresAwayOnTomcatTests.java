package dev.resumablews.connection;

class PostgresAwayOnTomcatTests extends PostgresAwayTests {

	PostgresAwayOnTomcatTests() {
		super(false);
	}

}
