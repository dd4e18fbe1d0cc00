package dev.resumablews.test.client;

import org.assertj.core.api.AbstractAssert;

/**
 * Assertions about a {@link ResumableWsTestClient}. Those that wait do so for the
 * client's time-out at most. Not safe for use by many threads.
 */
public final class ResumableWsTestClientAssert
		extends AbstractAssert<ResumableWsTestClientAssert, ResumableWsTestClient> {

	ResumableWsTestClientAssert(ResumableWsTestClient actual) {
		super(actual, ResumableWsTestClientAssert.class);
	}

	/**
	 * Verifies that the client has received a frame, or receives it in time.
	 * @param type the message's type, such as {@code order_shipped}
	 * @return assertions about the first such frame that no wait has returned
	 */
	public ServerFrameAssert received(String type) {
		isNotNull();
		return new ServerFrameAssert(this.actual.await(type));
	}

	/**
	 * Verifies that the client has not received a frame so far. Does not wait.
	 * @param type the message's type
	 * @return this
	 */
	public ResumableWsTestClientAssert hasNotReceived(String type) {
		isNotNull();
		this.actual.frames().stream().filter((frame) -> frame.type().equals(type)).findFirst().ifPresent((frame) -> {
			throw failure("%nExpected no frame of type '%s', but received:%n  %s", type, frame.json());
		});
		return this;
	}

	/**
	 * Verifies that the connection ends in time with a close code.
	 * @param code the expected code, such as 4401
	 * @return this
	 */
	public ResumableWsTestClientAssert closedWith(int code) {
		isNotNull();
		Close close = this.actual.awaitClose();
		if (close.code() != code) {
			throw failureWithActualExpected(close.code(), code, "%nExpected close code %d, but was: %s", code, close);
		}
		return this;
	}

	/**
	 * Verifies that the server has resumed the session on each connection, and has not
	 * violated the protocol: no event is missing, repeated or out of order.
	 * @return this
	 */
	public ResumableWsTestClientAssert hasNoGaps() {
		isNotNull();
		if (!this.actual.resets().isEmpty() || !this.actual.violations().isEmpty()) {
			throw failure("%nExpected each event once and in order, but resets: %s%nviolations: %s",
					this.actual.resets(), this.actual.violations());
		}
		return this;
	}

}
