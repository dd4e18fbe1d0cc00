package dev.resumablews.connection;

class HeartbeatOnJettyTests extends HeartbeatTests {

	HeartbeatOnJettyTests() {
		super(true);
	}

}
