package dev.resumablews.internal.springai;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.reply.ReplyAutoConfiguration;
import okhttp3.Interceptor;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigureOrder;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;

/**
 * Auto-configuration of replies by Spring AI's chat models. The providers of chat models
 * are named so that the order holds also when something else pulls this
 * auto-configuration forward; others are met by coming last.
 */
@AutoConfiguration(before = ReplyAutoConfiguration.class,
		afterName = { "dev.resumablews.internal.log.LogAutoConfiguration",
				"org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration",
				"org.springframework.ai.model.anthropic.autoconfigure.AnthropicChatAutoConfiguration",
				"org.springframework.ai.model.azure.openai.autoconfigure.AzureOpenAiChatAutoConfiguration",
				"org.springframework.ai.model.bedrock.converse.autoconfigure.BedrockConverseProxyChatAutoConfiguration",
				"org.springframework.ai.model.deepseek.autoconfigure.DeepSeekChatAutoConfiguration",
				"org.springframework.ai.model.google.genai.autoconfigure.chat.GoogleGenAiChatAutoConfiguration",
				"org.springframework.ai.model.minimax.autoconfigure.MiniMaxChatAutoConfiguration",
				"org.springframework.ai.model.mistralai.autoconfigure.MistralAiChatAutoConfiguration",
				"org.springframework.ai.model.ollama.autoconfigure.OllamaChatAutoConfiguration",
				"org.springframework.ai.model.openai.autoconfigure.OpenAiChatAutoConfiguration" })
@AutoConfigureOrder(Ordered.LOWEST_PRECEDENCE)
@ConditionalOnClass(ChatClient.class)
@ConditionalOnBean(EventLog.class)
@ConditionalOnBooleanProperty(name = { "resumable-ws.enabled", "resumable-ws.reply.enabled" }, matchIfMissing = true)
@EnableConfigurationProperties(ResumableWsProperties.class)
public final class SpringAiAutoConfiguration {

	@Bean
	@ConditionalOnSingleCandidate(ChatModel.class)
	@ConditionalOnMissingBean(ReplyGenerator.class)
	ReplyGenerator resumableWsReplyGenerator(ChatModel model, ObjectProvider<ChatClient.Builder> builder,
			ObjectProvider<ModelCalls> calls, ResumableWsProperties properties) {
		// the application's customizers are in Spring AI's own builder
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
