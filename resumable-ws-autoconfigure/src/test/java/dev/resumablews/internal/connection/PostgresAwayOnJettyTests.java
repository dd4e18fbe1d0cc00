package dev.resumablews.internal.connection;

class PostgresAwayOnJettyTests extends PostgresAwayTests {

	PostgresAwayOnJettyTests() {
		super(true);
	}

}
