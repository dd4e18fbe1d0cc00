package dev.resumablews.internal.connection;

class LimitsOnTomcatTests extends LimitsTests {

	LimitsOnTomcatTests() {
		super(false);
	}

}
