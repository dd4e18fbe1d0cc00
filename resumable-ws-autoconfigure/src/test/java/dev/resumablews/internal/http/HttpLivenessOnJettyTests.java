package dev.resumablews.internal.http;

class HttpLivenessOnJettyTests extends HttpLivenessTests {

	HttpLivenessOnJettyTests() {
		super(true);
	}

}
