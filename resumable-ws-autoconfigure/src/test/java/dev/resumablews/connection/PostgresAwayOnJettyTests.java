package dev.resumablews.connection;

class PostgresAwayOnJettyTests extends PostgresAwayTests {

	PostgresAwayOnJettyTests() {
		super(true);
	}

}
