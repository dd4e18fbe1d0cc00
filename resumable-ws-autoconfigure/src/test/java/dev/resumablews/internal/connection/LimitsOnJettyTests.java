package dev.resumablews.internal.connection;

class LimitsOnJettyTests extends LimitsTests {

	LimitsOnJettyTests() {
		super(true);
	}

}
