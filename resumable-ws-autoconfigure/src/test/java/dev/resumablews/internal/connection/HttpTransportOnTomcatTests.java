package dev.resumablews.internal.connection;

class HttpTransportOnTomcatTests extends HttpTransportTests {

	HttpTransportOnTomcatTests() {
		super(false);
	}

}
