package dev.resumablews.connection;

class HeartbeatOnTomcatTests extends HeartbeatTests {

	HeartbeatOnTomcatTests() {
		super(false);
	}

}
