package dev.resumablews.internal.connection;

class DrainOnJettyTests extends DrainTests {

	DrainOnJettyTests() {
		super(true);
	}

}
