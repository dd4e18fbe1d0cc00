package dev.resumablews.internal.connection;

class HttpRequestOnTomcatTests extends HttpRequestTests {

	HttpRequestOnTomcatTests() {
		super(false);
	}

}
