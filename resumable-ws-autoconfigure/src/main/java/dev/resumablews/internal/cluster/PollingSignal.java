package dev.resumablews.internal.cluster;

import java.util.List;

/**
 * Carries nothing: each node looks at the log often enough by itself.
 */
final class PollingSignal implements ClusterSignal {

	@Override
	public void start(Receiver receiver) {
	}

	@Override
	public void send(List<String> texts) {
	}

	@Override
	public void close() {
	}

}
