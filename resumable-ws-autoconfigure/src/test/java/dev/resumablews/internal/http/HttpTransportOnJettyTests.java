package dev.resumablews.internal.http;

class HttpTransportOnJettyTests extends HttpTransportTests {

	HttpTransportOnJettyTests() {
		super(true);
	}

}
