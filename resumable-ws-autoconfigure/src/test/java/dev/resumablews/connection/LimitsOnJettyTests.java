package dev.resumablews.connection;

class LimitsOnJettyTests extends LimitsTests {

	LimitsOnJettyTests() {
		super(true);
	}

}
