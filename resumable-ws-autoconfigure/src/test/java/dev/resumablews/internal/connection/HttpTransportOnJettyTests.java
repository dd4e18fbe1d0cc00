package dev.resumablews.internal.connection;

class HttpTransportOnJettyTests extends HttpTransportTests {

	HttpTransportOnJettyTests() {
		super(true);
	}

}
