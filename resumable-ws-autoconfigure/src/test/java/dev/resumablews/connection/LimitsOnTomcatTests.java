package dev.resumablews.connection;

class LimitsOnTomcatTests extends LimitsTests {

	LimitsOnTomcatTests() {
		super(false);
	}

}
