package dev.resumablews.test.client;

/**
 * Entry point of the AssertJ assertions for frames and clients. Can be imported
 * statically beside {@code org.assertj.core.api.Assertions.assertThat}.
 */
public final class ResumableWsAssertions {

	private ResumableWsAssertions() {
	}

	/**
	 * Starts assertions about a frame.
	 * @param actual the frame
	 * @return the assertions
	 */
	public static ServerFrameAssert assertThat(ServerFrame actual) {
		return new ServerFrameAssert(actual);
	}

	/**
	 * Starts assertions about a client.
	 * @param actual the client
	 * @return the assertions
	 */
	public static ResumableWsTestClientAssert assertThat(ResumableWsTestClient actual) {
		return new ResumableWsTestClientAssert(actual);
	}

}
