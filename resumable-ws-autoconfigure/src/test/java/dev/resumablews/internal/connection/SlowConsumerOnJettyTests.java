package dev.resumablews.internal.connection;

class SlowConsumerOnJettyTests extends SlowConsumerTests {

	SlowConsumerOnJettyTests() {
		super(true);
	}

}
