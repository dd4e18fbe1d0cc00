package dev.resumablews.internal.springai;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.reply.ReplyAutoConfiguration;
import okhttp3.Interceptor;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Auto-configuration for replies by Spring AI's chat models. Looks up the model when the
 * bean is created, so it need not be ordered after auto-configurations that define one.
 */
@AutoConfiguration(before = ReplyAutoConfiguration.class, after = LogAutoConfiguration.class)
@ConditionalOnClass(ChatClient.class)
@ConditionalOnBean(EventLog.class)
@ConditionalOnBooleanProperty(name = { "resumable-ws.enabled", "resumable-ws.reply.enabled" }, matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class SpringAiAutoConfiguration {

	/**
	 * Returns null if there is no chat model, or several without a primary one.
	 */
	@Bean
	@ConditionalOnMissingBean(ReplyGenerator.class)
	@Nullable ReplyGenerator resumableWsReplyGenerator(ObjectProvider<ChatModel> models,
			ObjectProvider<ChatClient.Builder> builder, ObjectProvider<ModelCalls> calls,
			ResumableWsProperties properties) {
		ChatModel model = models.getIfUnique();
		if (model == null) {
			return null;
		}
		// Spring AI's own builder has the application's customizers
		ChatClient.Builder unique = builder.getIfUnique(() -> ChatClient.builder(model));
		return new ChatClientReplyGenerator(unique.build(), properties.reply().systemPrompt(),
				calls.getIfAvailable(() -> ModelCalls.PLAIN));
	}

	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ OpenAiHttpClientBuilderCustomizer.class, Interceptor.class })
	static class OpenAiConfiguration {

		@Bean
		OpenAiCalls resumableWsOpenAiCalls() {
			return new OpenAiCalls();
		}

	}

}
