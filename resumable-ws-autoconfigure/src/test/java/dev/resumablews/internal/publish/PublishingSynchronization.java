package dev.resumablews.internal.publish;

import java.util.function.Consumer;

import org.springframework.transaction.support.TransactionSynchronization;

/**
 * Publishes an event in every phase of its transaction.
 */
final class PublishingSynchronization implements TransactionSynchronization {

	private final int order;

	private final String name;

	private final Consumer<String> publish;

	/**
	 * Creates a synchronization.
	 * @param name the prefix of the types of the events, before the name of the phase
	 * @param publish publishes an event of the given type
	 */
	PublishingSynchronization(int order, String name, Consumer<String> publish) {
		this.order = order;
		this.name = name;
		this.publish = publish;
	}

	@Override
	public int getOrder() {
		return this.order;
	}

	@Override
	public void beforeCommit(boolean readOnly) {
		this.publish.accept(this.name + ".before_commit");
	}

	@Override
	public void beforeCompletion() {
		this.publish.accept(this.name + ".before_completion");
	}

	@Override
	public void afterCommit() {
		this.publish.accept(this.name + ".after_commit");
	}

	@Override
	public void afterCompletion(int status) {
		this.publish.accept(this.name + ".after_completion");
	}

}
