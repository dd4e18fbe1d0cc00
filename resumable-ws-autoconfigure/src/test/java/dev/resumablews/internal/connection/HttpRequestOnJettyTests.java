package dev.resumablews.internal.connection;

class HttpRequestOnJettyTests extends HttpRequestTests {

	HttpRequestOnJettyTests() {
		super(true);
	}

}
