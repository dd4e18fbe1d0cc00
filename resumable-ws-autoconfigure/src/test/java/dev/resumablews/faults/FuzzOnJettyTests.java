package dev.resumablews.faults;

class FuzzOnJettyTests extends FuzzTests {

	FuzzOnJettyTests() {
		super(true);
	}

}
