package dev.resumablews.faults;

class FuzzOnTomcatTests extends FuzzTests {

	FuzzOnTomcatTests() {
		super(false);
	}

}
