package dev.resumablews.internal.http;

class HttpTransportOnTomcatTests extends HttpTransportTests {

	HttpTransportOnTomcatTests() {
		super(false);
	}

}
