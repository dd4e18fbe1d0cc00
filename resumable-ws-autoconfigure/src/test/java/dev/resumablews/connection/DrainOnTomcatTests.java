package dev.resumablews.connection;

class DrainOnTomcatTests extends DrainTests {

	DrainOnTomcatTests() {
		super(false);
	}

}
