package dev.resumablews.internal.connection;

class HttpLivenessOnTomcatTests extends HttpLivenessTests {

	HttpLivenessOnTomcatTests() {
		super(false);
	}

}
