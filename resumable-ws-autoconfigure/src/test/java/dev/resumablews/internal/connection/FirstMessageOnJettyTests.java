package dev.resumablews.internal.connection;

class FirstMessageOnJettyTests extends FirstMessageTests {

	FirstMessageOnJettyTests() {
		super(true);
	}

}
