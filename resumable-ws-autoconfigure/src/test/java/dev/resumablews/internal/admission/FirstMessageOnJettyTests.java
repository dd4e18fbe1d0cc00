package dev.resumablews.internal.admission;

class FirstMessageOnJettyTests extends FirstMessageTests {

	FirstMessageOnJettyTests() {
		super(true);
	}

}
