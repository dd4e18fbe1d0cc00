package dev.resumablews.internal.admission;

class LimitsOnTomcatTests extends LimitsTests {

	LimitsOnTomcatTests() {
		super(false);
	}

}
