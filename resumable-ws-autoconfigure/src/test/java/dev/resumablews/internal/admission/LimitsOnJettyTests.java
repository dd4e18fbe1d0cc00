package dev.resumablews.internal.admission;

class LimitsOnJettyTests extends LimitsTests {

	LimitsOnJettyTests() {
		super(true);
	}

}
