package dev.resumablews.internal.cluster;

import java.util.List;

/**
 * A signal that loses everything that is sent.
 */
final class LosingSignal implements ClusterSignal {

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
