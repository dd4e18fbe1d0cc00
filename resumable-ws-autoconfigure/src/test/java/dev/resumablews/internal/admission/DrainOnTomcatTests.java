package dev.resumablews.internal.admission;

class DrainOnTomcatTests extends DrainTests {

	DrainOnTomcatTests() {
		super(false);
	}

}
