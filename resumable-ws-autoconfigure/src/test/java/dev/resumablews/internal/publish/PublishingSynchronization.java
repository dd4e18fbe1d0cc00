package dev.resumablews.internal.publish;

import java.util.function.Consumer;

import org.springframework.transaction.support.TransactionSynchronization;

/**
 * Publishes in every phase of the transaction that it is registered with.
 */
final class PublishingSynchronization implements TransactionSynchronization {

	private final int order;

	private final String name;

	private final Consumer<String> publish;

	/**
	 * Creates a synchronization.
	 * @param name the first part of the types that are published, before that of the
	 * phase
	 * @param publish publishes an event of a type
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
