package dev.resumablews.internal.connection;

class HeartbeatOnTomcatTests extends HeartbeatTests {

	HeartbeatOnTomcatTests() {
		super(false);
	}

}
