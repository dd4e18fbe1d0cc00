package dev.resumablews.internal.admission;

class DrainOnJettyTests extends DrainTests {

	DrainOnJettyTests() {
		super(true);
	}

}
