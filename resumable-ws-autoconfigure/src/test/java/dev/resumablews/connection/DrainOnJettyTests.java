package dev.resumablews.connection;

class DrainOnJettyTests extends DrainTests {

	DrainOnJettyTests() {
		super(true);
	}

}
