package dev.resumablews.internal.operations;

import dev.resumablews.internal.status.ReplyStatus;
import dev.resumablews.internal.status.SignalStatus;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextRefreshedEvent;

/**
 * Logs the description of this node when the application has started.
 */
final class StartupLog implements ApplicationListener<ContextRefreshedEvent> {

	private static final Log logger = LogFactory.getLog(StartupLog.class);

	private final ApplicationContext context;

	private final NodeDescription node;

	private final NodeState state;

	StartupLog(ApplicationContext context, NodeDescription node, NodeState state) {
		this.context = context;
		this.node = node;
		this.state = state;
	}

	/**
	 * Ignores the events of other contexts, because the context of the management port
	 * has the same listeners.
	 */
	@Override
	public void onApplicationEvent(ContextRefreshedEvent event) {
		if (event.getApplicationContext() == this.context) {
			SignalStatus signals = this.state.signals();
			ReplyStatus replies = this.state.replies();
			logger.info(this.node.text((signals != null) ? signals.kind() : "none",
					(replies != null) ? replies.answeredBy() : null));
		}
	}

}
