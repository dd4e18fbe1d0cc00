package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.BudgetAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import dev.resumablews.internal.publish.PublishAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.springai.SpringAiAutoConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientBuilderCustomizer;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.openai.http.okhttp.OpenAiHttpClientBuilderCustomizer;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@ExtendWith(OutputCaptureExtension.class)
class ReplyAutoConfigurationTests {

	private static final String URL = TestLog.createDatabase();

	private final TestLog log = new TestLog(URL);

	private final UUID session = this.log.newSession("ada");

	private ApplicationContextRunner runner;

	@BeforeEach
	void prepare() {
		((Logger) LoggerFactory.getLogger(ReplyScheduler.class)).setLevel(Level.INFO);
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(BudgetAutoConfiguration.class, ListenerAutoConfiguration.class,
					ReplyAutoConfiguration.class, SpringAiAutoConfiguration.class, ChatClientAutoConfiguration.class))
			.withBean(EventLog.class, this.log::log,
					(definition) -> ((AbstractBeanDefinition) definition).setDestroyMethodName(""))
			.withBean(JdbcExecutor.class, this.log::database)
			.withBean(NodeId.class, this.log::node);
	}

	@AfterEach
	void close() {
		this.log.close();
	}

	@Test
	void withoutAnEventLogThereAreNoReplies() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(BudgetAutoConfiguration.class, ListenerAutoConfiguration.class,
					ReplyAutoConfiguration.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Replies.class));
	}

	@Test
	void aDisabledLibraryHasNoReplies() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Replies.class));
	}

	@Test
	void aModelOfAnotherProviderNeedsNoClassesOfOpenAi() {
		this.runner.withUserConfiguration(OneModel.class)
			.withClassLoader(new FilteredClassLoader("org.springframework.ai.openai", "okhttp3", "com.openai"))
			.run((context) -> {
				assertThat(context).doesNotHaveBean("resumableWsOpenAiCalls");
				assertThat(answer(context)).isEqualTo("one");
			});
	}

	@Test
	void callsOfTheOpenAiModelAreTrackedUnlessRepliesAreDisabled() {
		this.runner.run((context) -> assertThat(context).hasSingleBean(OpenAiHttpClientBuilderCustomizer.class));
		this.runner.withPropertyValues("resumable-ws.reply.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(OpenAiHttpClientBuilderCustomizer.class));
	}

	@Test
	void theOnlyChatModelIsUsed() {
		this.runner.withUserConfiguration(OneModel.class).run((context) -> {
			assertThat(context.getBean(ReplyGenerator.class)).isInstanceOf(LiveReplyGenerator.class);
			assertThat(answer(context)).isEqualTo("one");
		});
	}

	@Test
	void withoutAModelMessagesAreStoredAndAHintIsLogged(CapturedOutput output) {
		this.runner.run((context) -> {
			assertThat(context.getBeanProvider(ReplyGenerator.class).getIfAvailable()).isNull();
			assertThat(submit(context)).containsExactly("user_message");
			assertThat(output).contains("there is no ChatModel bean");
		});
	}

	@Test
	void withoutSpringAiMessagesAreStored(CapturedOutput output) {
		this.runner.withClassLoader(new FilteredClassLoader(ChatClient.class, ChatModel.class)).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBeanProvider(ReplyGenerator.class).getIfAvailable()).isNull();
			assertThat(submit(context)).containsExactly("user_message");
			assertThat(output).contains("there is no ChatModel bean");
		});
	}

	@Test
	void amongSeveralChatModelsNoneIsChosen(CapturedOutput output) {
		this.runner.withUserConfiguration(OneModel.class, AnotherModel.class).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBeanProvider(ReplyGenerator.class).getIfAvailable()).isNull();
			assertThat(submit(context)).containsExactly("user_message");
			assertThat(output).contains("several ChatModel beans (one, another)").contains("spring.ai.model.chat");
		});
	}

	@Test
	void thePrimaryChatModelIsUsed() {
		this.runner.withUserConfiguration(OneModel.class, PrimaryModel.class)
			.run((context) -> assertThat(answer(context)).isEqualTo("primary"));
	}

	@Test
	void theApplicationsGeneratorReplacesTheModel() {
		this.runner.withUserConfiguration(OneModel.class)
			.withBean(ReplyGenerator.class, () -> (request) -> Flux.just(ReplyPart.text("mine")))
			.run((context) -> {
				assertThat(context).hasSingleBean(ReplyGenerator.class);
				assertThat(answer(context)).isEqualTo("mine");
			});
	}

	@Test
	void theApplicationsHandlerOfUserMessagesReplacesTheReply(CapturedOutput output) {
		this.runner.withUserConfiguration(OneModel.class)
			.withBean(ClientMessageHandler.class, () -> handler("user_message"))
			.run((context) -> {
				assertThat(submit(context)).containsExactly("user_message");
				assertThat(output).doesNotContain("not answered");
			});
	}

	@Test
	void aHandlerOfAnotherTypeDoesNotReplaceTheReply() {
		this.runner.withUserConfiguration(OneModel.class)
			.withBean(ClientMessageHandler.class, () -> handler("vote"))
			.run((context) -> assertThat(answer(context)).isEqualTo("one"));
	}

	@Test
	void repliesCanBeDisabled(CapturedOutput output) {
		this.runner.withUserConfiguration(OneModel.class)
			.withPropertyValues("resumable-ws.reply.enabled=false")
			.run((context) -> {
				assertThat(context.getBeanProvider(ReplyGenerator.class).getIfAvailable()).isNull();
				assertThat(submit(context)).containsExactly("user_message");
				assertThat(output).doesNotContain("not answered");
			});
	}

	@Test
	void disabledRepliesDisableTheApplicationsGeneratorToo() {
		this.runner.withPropertyValues("resumable-ws.reply.enabled=false")
			.withBean(ReplyGenerator.class, () -> (request) -> Flux.just(ReplyPart.text("mine")))
			.run((context) -> assertThat(submit(context)).containsExactly("user_message"));
	}

	@Test
	void theSystemPromptIsNotATemplate() {
		this.runner.withUserConfiguration(OneModel.class)
			.withPropertyValues("resumable-ws.reply.system-prompt=Answer as {\"json\": <b>}")
			.run((context) -> {
				assertThat(answer(context)).isEqualTo("one");
				assertThat(context.getBean(FixedAnswerModel.class).asked.get(0)).extracting(Message::getText)
					.containsExactly("Answer as {\"json\": <b>}", "Hi");
			});
	}

	@Test
	void theApplicationsChatClientCustomizersAreApplied() {
		this.runner.withUserConfiguration(OneModel.class)
			.withBean(ChatClientBuilderCustomizer.class, () -> (builder) -> builder.defaultSystem("customized"))
			.run((context) -> {
				assertThat(answer(context)).isEqualTo("one");
				assertThat(context.getBean(FixedAnswerModel.class).asked.get(0)).extracting(Message::getText)
					.containsExactly("customized", "Hi");
			});
	}

	@Test
	void withoutTheBuilderOfSpringAiAPlainOneIsUsed() {
		this.runner.withUserConfiguration(OneModel.class)
			.withPropertyValues("spring.ai.chat.client.enabled=false")
			.run((context) -> assertThat(answer(context)).isEqualTo("one"));
	}

	@Test
	void limitsAreConfigurable() {
		this.runner.run((context) -> assertThat(replies(context).settings()).isEqualTo(
				new ReplySettings(50, 200_000, Duration.ofMinutes(5), Duration.ofSeconds(60), Duration.ofMinutes(10),
						200, new ReplyLimits(1000, 20, 10), 200_000, true, Duration.ofSeconds(15), true, 3)));
		this.runner
			.withPropertyValues("resumable-ws.user.max-waiting-replies=0", "resumable-ws.user.max-running-replies=7",
					"resumable-ws.reply.history-messages=5", "resumable-ws.reply.history-characters=60",
					"resumable-ws.reply.first-part-timeout=9s", "resumable-ws.reply.idle-timeout=2s",
					"resumable-ws.reply.max-duration=3s", "resumable-ws.reply.max-concurrent=4",
					"resumable-ws.reply.max-waiting=0", "resumable-ws.reply.max-characters=6",
					"resumable-ws.reply.one-at-a-time=false", "resumable-ws.reply.lease=7s",
					"resumable-ws.reply.takeover=fail", "resumable-ws.reply.max-attempts=8")
			.run((context) -> assertThat(replies(context).settings())
				.isEqualTo(new ReplySettings(5, 60, Duration.ofSeconds(9), Duration.ofSeconds(2), Duration.ofSeconds(3),
						4, new ReplyLimits(0, Integer.MAX_VALUE, 7), 6, false, Duration.ofSeconds(7), false, 8)));
	}

	@Test
	void listenersAreNotifiedOfOutcomes() {
		List<String> outcomes = new CopyOnWriteArrayList<>();
		ResumableWsListener listener = new ResumableWsListener() {

			@Override
			public void onReplyEnded(String outcome, Duration duration) {
				outcomes.add(outcome);
			}

		};
		this.runner.withUserConfiguration(OneModel.class)
			.withBean(ResumableWsListener.class, () -> listener)
			.run((context) -> {
				answer(context);
				await().until(() -> outcomes.equals(List.of("completed")));
			});
	}

	@Test
	void generatorsRunOnNamedThreads() {
		List<Thread> threads = new CopyOnWriteArrayList<>();
		this.runner.withBean(ReplyGenerator.class, () -> generatorOn(threads)).run((context) -> {
			answer(context);
			assertThat(threads.get(0).getName()).startsWith("resumable-ws-reply-");
		});
		await().until(() -> !threads.get(0).isAlive());
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void generatorsRunOnVirtualThreadsIfConfigured() throws Exception {
		List<Thread> threads = new CopyOnWriteArrayList<>();
		this.runner.withPropertyValues("spring.threads.virtual.enabled=true")
			.withBean(ReplyGenerator.class, () -> generatorOn(threads))
			.run((context) -> answer(context));
		assertThat(Thread.class.getMethod("isVirtual").invoke(threads.get(0))).isEqualTo(true);
	}

	@Test
	void closingTheContextReleasesRunningRepliesAndEndsItsThreads() {
		this.runner.withBean(ReplyGenerator.class, () -> (request) -> Flux.never()).run((context) -> {
			submit(context);
			await().until(() -> types().contains("assistant_started"));
		});
		this.runner.withBean(ReplyGenerator.class, () -> (request) -> Flux.just(ReplyPart.text("Hello")))
			.run((context) -> await().until(() -> types().contains("assistant_message")));
		assertThat(types()).doesNotContain("assistant_failed");
		await().until(() -> Thread.getAllStackTraces()
			.keySet()
			.stream()
			.noneMatch((thread) -> thread.getName().startsWith("resumable-ws-reply-")));
	}

	@Test
	void aStoppedOrPausedContextAnswersAfterItsRestart() {
		this.runner.withUserConfiguration(OneModel.class).run((context) -> {
			ConfigurableApplicationContext source = context.getSourceApplicationContext();
			answer(context);
			source.stop();
			source.start();
			answerAgain(context, 2);
			source.pause();
			source.restart();
			answerAgain(context, 3);
		});
	}

	private void answerAgain(AssertableApplicationContext context, int count) {
		submit(context);
		await().until(() -> types().stream().filter("assistant_message"::equals).count() == count);
	}

	private static ReplyGenerator generatorOn(List<Thread> threads) {
		return (request) -> {
			threads.add(Thread.currentThread());
			return Flux.just(ReplyPart.text("done"));
		};
	}

	private static ClientMessageHandler handler(String type) {
		return new ClientMessageHandler() {

			@Override
			public String type() {
				return type;
			}

			@Override
			public void handle(ClientMessage message) {
			}

		};
	}

	private static ReplyScheduler replies(AssertableApplicationContext context) {
		return context.getBean(ReplyScheduler.class);
	}

	private List<String> submit(AssertableApplicationContext context) {
		context.getBean(UserMessages.class).submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
		return types();
	}

	private String answer(AssertableApplicationContext context) {
		submit(context);
		await().until(() -> types().contains("assistant_message"));
		return this.log.log().conversation(this.session, 100, 1, 1000).get(0).content();
	}

	private List<String> types() {
		return this.log.log().read(this.session, 0, 100).stream().map(SessionEvent::type).toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class OneModel {

		@Bean
		FixedAnswerModel one() {
			return new FixedAnswerModel("one");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AnotherModel {

		@Bean
		FixedAnswerModel another() {
			return new FixedAnswerModel("another");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryModel {

		@Bean
		@Primary
		FixedAnswerModel primary() {
			return new FixedAnswerModel("primary");
		}

	}

	/**
	 * A model that always gives the same answer.
	 */
	static final class FixedAnswerModel implements ChatModel {

		private final String answer;

		private final List<List<Message>> asked = new CopyOnWriteArrayList<>();

		FixedAnswerModel(String answer) {
			this.answer = answer;
		}

		@Override
		public ChatResponse call(Prompt prompt) {
			this.asked.add(prompt.getInstructions());
			return new ChatResponse(List
				.of(new Generation(AssistantMessage.builder().content(this.answer).properties(Map.of()).build())));
		}

		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			return Flux.just(call(prompt));
		}

	}

}
