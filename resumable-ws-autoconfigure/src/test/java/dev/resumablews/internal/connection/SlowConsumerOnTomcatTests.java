package dev.resumablews.internal.connection;

class SlowConsumerOnTomcatTests extends SlowConsumerTests {

	SlowConsumerOnTomcatTests() {
		super(false);
	}

}
