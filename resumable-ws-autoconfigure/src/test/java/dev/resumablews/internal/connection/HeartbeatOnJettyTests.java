package dev.resumablews.internal.connection;

class HeartbeatOnJettyTests extends HeartbeatTests {

	HeartbeatOnJettyTests() {
		super(true);
	}

}
