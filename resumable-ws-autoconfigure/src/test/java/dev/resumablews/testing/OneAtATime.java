package dev.resumablews.testing;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.logging.LoggingApplicationListener;
import org.springframework.context.ApplicationEvent;
import org.springframework.context.event.GenericApplicationListener;
import org.springframework.core.ResolvableType;

/**
 * Listener that initializes logging for one application at a time. The logging system is
 * shared by all applications of a JVM and must not be initialized concurrently.
 *
 * @param listener the listener of one application
 */
record OneAtATime(GenericApplicationListener listener) implements GenericApplicationListener {

	/**
	 * Allows an application to be started while others are.
	 */
	static void initializeLogging(SpringApplication application) {
		application.setListeners(application.getListeners()
			.stream()
			.map((listener) -> (listener instanceof LoggingApplicationListener logging) ? new OneAtATime(logging)
					: listener)
			.toList());
	}

	@Override
	public void onApplicationEvent(ApplicationEvent event) {
		synchronized (OneAtATime.class) {
			this.listener.onApplicationEvent(event);
		}
	}

	@Override
	public boolean supportsEventType(ResolvableType eventType) {
		return this.listener.supportsEventType(eventType);
	}

	@Override
	public boolean supportsSourceType(Class<?> sourceType) {
		return this.listener.supportsSourceType(sourceType);
	}

	@Override
	public int getOrder() {
		return this.listener.getOrder();
	}

}
