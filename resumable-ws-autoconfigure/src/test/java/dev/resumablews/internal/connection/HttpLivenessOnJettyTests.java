package dev.resumablews.internal.connection;

class HttpLivenessOnJettyTests extends HttpLivenessTests {

	HttpLivenessOnJettyTests() {
		super(true);
	}

}
