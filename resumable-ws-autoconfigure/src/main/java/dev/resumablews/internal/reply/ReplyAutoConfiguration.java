package dev.resumablews.internal.reply;

import java.util.List;
import java.util.function.Supplier;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.observation.Observations;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.thread.Threading;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/**
 * Auto-configuration for replies, independent of their generator.
 */
@AutoConfiguration(afterName = { "dev.resumablews.internal.budget.BudgetAutoConfiguration",
		"dev.resumablews.internal.log.LogAutoConfiguration" })
@ConditionalOnBean(EventLog.class)
@ConditionalOnBooleanProperty(name = "resumable-ws.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class ReplyAutoConfiguration {

	@Bean
	JdbcReplyQueue resumableWsReplyQueue(JdbcExecutor database, NodeId nodeId, ResumableWsProperties properties) {
		return new JdbcReplyQueue(database, nodeId, properties.reply().lease());
	}

	@Bean
	UserMessages resumableWsUserMessages(EventLog log, ReplyScheduler replies, UserBudgets budgets,
			ObjectProvider<Observations> observations) {
		return new UserMessages(log, replies, budgets, observations.getIfAvailable(() -> Observations.NONE));
	}

	@Bean
	ReplyScheduler resumableWsReplies(EventLog log, JdbcReplyQueue queue, ObjectProvider<NodeNotifier> notifier,
			ResumableWsProperties properties, ObjectProvider<ReplyGenerator> generator,
			ObjectProvider<StoredMessageHandler> handler, ListenerDispatcher listeners,
			ObjectProvider<Observations> observations, ConfigurableListableBeanFactory beans, Environment environment) {
		ResumableWsProperties.Reply reply = properties.reply();
		ResumableWsProperties.User user = properties.user();
		ReplyLimits limits = new ReplyLimits(reply.maxWaiting(), orUnlimited(user.maxWaitingReplies()),
				orUnlimited(user.maxRunningReplies()));
		ReplySettings settings = new ReplySettings(reply.historyMessages(), reply.historyCharacters(),
				reply.firstPartTimeout(), reply.idleTimeout(), reply.maxDuration(), reply.maxConcurrent(), limits,
				reply.maxCharacters(), reply.oneAtATime(), reply.lease(),
				reply.takeover() == ResumableWsProperties.Takeover.RESTART, reply.maxAttempts());
		ReplyGenerator answering = reply.enabled() ? generator.getIfAvailable() : null;
		String name = (answering != null) ? beans.resolveNamedBean(ReplyGenerator.class).getBeanName() : null;
		String whyNotAnswered = (reply.enabled() && answering == null) ? whyNotAnswered(beans) : null;
		Supplier<ReplyThreads> threads = Threading.VIRTUAL.isActive(environment) ? ReplyThreads::virtual
				: ReplyThreads::platform;
		return new ReplyScheduler(log, queue, notifier.getIfAvailable(NodeNotifier::none), answering, name,
				handler.getIfAvailable(), whyNotAnswered, settings, threads, listeners.listener(),
				observations.getIfAvailable(() -> Observations.NONE));
	}

	private static int orUnlimited(int limit) {
		return (limit > 0) ? limit : Integer.MAX_VALUE;
	}

	private static String whyNotAnswered(ListableBeanFactory beans) {
		List<String> models = ClassUtils.isPresent("org.springframework.ai.chat.client.ChatClient",
				ReplyAutoConfiguration.class.getClassLoader()) ? ChatModelNames.in(beans) : List.of();
		if (models.size() > 1) {
			return "there are several ChatModel beans (" + String.join(", ", models)
					+ "): choose one with spring.ai.model.chat or @Primary, or define a ReplyGenerator bean";
		}
		return "there is no ChatModel bean: add a Spring AI model, or define a ReplyGenerator bean,"
				+ " or set resumable-ws.reply.enabled=false";
	}

	/**
	 * Separate class, because Spring AI is optional.
	 */
	private static final class ChatModelNames {

		static List<String> in(ListableBeanFactory beans) {
			return List.of(beans.getBeanNamesForType(ChatModel.class));
		}

	}

}
