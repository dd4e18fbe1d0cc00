package dev.resumablews.internal.connection;

class DrainOnTomcatTests extends DrainTests {

	DrainOnTomcatTests() {
		super(false);
	}

}
