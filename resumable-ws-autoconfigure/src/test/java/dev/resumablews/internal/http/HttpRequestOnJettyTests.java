package dev.resumablews.internal.http;

class HttpRequestOnJettyTests extends HttpRequestTests {

	HttpRequestOnJettyTests() {
		super(true);
	}

}
