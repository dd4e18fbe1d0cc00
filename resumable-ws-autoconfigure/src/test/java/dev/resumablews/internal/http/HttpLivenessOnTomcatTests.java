package dev.resumablews.internal.http;

class HttpLivenessOnTomcatTests extends HttpLivenessTests {

	HttpLivenessOnTomcatTests() {
		super(false);
	}

}
