package dev.resumablews.internal.publish;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.transaction.ConfigurableTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;

/**
 * Registers the {@link TransactionTracker} with every transaction manager of the
 * application.
 */
final class TransactionTrackerRegistrar implements BeanPostProcessor {

	private final ObjectProvider<TransactionTracker> tracker;

	TransactionTrackerRegistrar(ObjectProvider<TransactionTracker> tracker) {
		this.tracker = tracker;
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof PlatformTransactionManager && bean instanceof ConfigurableTransactionManager manager) {
			this.tracker.ifAvailable((listener) -> {
				if (!manager.getTransactionExecutionListeners().contains(listener)) {
					manager.addListener(listener);
				}
			});
		}
		return bean;
	}

}
