package dev.resumablews.internal.connection;

class FirstMessageOnTomcatTests extends FirstMessageTests {

	FirstMessageOnTomcatTests() {
		super(false);
	}

}
