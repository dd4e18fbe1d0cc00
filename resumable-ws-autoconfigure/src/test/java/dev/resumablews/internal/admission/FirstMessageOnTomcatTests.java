package dev.resumablews.internal.admission;

class FirstMessageOnTomcatTests extends FirstMessageTests {

	FirstMessageOnTomcatTests() {
		super(false);
	}

}
