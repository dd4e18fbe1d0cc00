package dev.resumablews.connection;

class SlowConsumerOnTomcatTests extends SlowConsumerTests {

	SlowConsumerOnTomcatTests() {
		super(false);
	}

}
