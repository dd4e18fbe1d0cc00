package dev.resumablews.internal.http;

class HttpRequestOnTomcatTests extends HttpRequestTests {

	HttpRequestOnTomcatTests() {
		super(false);
	}

}
