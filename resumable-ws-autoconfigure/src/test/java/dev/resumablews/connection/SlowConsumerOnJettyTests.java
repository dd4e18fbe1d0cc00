package dev.resumablews.connection;

class SlowConsumerOnJettyTests extends SlowConsumerTests {

	SlowConsumerOnJettyTests() {
		super(true);
	}

}
