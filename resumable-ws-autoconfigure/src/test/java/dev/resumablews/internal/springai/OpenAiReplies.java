package dev.resumablews.internal.springai;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.budget.BudgetAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.Replies;
import dev.resumablews.internal.reply.ReplyAutoConfiguration;
import dev.resumablews.internal.reply.UserMessages;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.model.openai.autoconfigure.OpenAiChatAutoConfiguration;
import org.springframework.ai.model.tool.autoconfigure.ToolCallingAutoConfiguration;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Replies of the OpenAI model of Spring AI, as in an application, with a stub of the
 * model on an HTTP server and a real event log.
 */
final class OpenAiReplies implements AutoCloseable {

	static final String EVENT_STREAM = "text/event-stream";

	static final String DONE = "data: [DONE]\n\n";

	static final String STOP = event(chunk("{}", "\"stop\""));

	static final String USAGE = event(
			"{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
					+ "\"choices\":[],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"total_tokens\":7}}");

	private static final Duration AT_MOST = Duration.ofSeconds(30);

	private static final JsonMapper JSON = JsonMapper.shared();

	private final OpenAiStub stub = OpenAiStub.start();

	private final TestLog log;

	private final UUID session;

	private UserMessages messages;

	private final List<String> properties = new ArrayList<>();

	private ApplicationContextRunner runner;

	OpenAiReplies(String url) {
		this.log = new TestLog(url);
		this.log.sql().sql("truncate ws_replies").update();
		this.session = this.log.newSession("ada");
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(BudgetAutoConfiguration.class, ListenerAutoConfiguration.class,
					ReplyAutoConfiguration.class, SpringAiAutoConfiguration.class, ChatClientAutoConfiguration.class,
					ToolCallingAutoConfiguration.class, OpenAiChatAutoConfiguration.class))
			.withBean(EventLog.class, this.log::log,
					(definition) -> ((AbstractBeanDefinition) definition).setDestroyMethodName(""))
			.withBean(JdbcExecutor.class, this.log::database)
			.withBean(NodeId.class, this.log::node);
	}

	OpenAiReplies with(String... properties) {
		this.properties.addAll(List.of(properties));
		return this;
	}

	<T> OpenAiReplies withBean(Class<T> type, T bean) {
		this.runner = this.runner.withBean(type, () -> bean);
		return this;
	}

	UUID session() {
		return this.session;
	}

	OpenAiStub stub() {
		return this.stub;
	}

	/**
	 * Sets the body of all answers, and flushes each write separately.
	 */
	void answerRaw(String... writes) {
		this.stub.answer(OpenAiAnswer.raw(EVENT_STREAM, List.of(writes)));
	}

	void run(Consumer<Replies> test) {
		this.runner
			.withPropertyValues("spring.ai.openai.api-key=key", "spring.ai.openai.base-url=" + this.stub.baseUrl())
			.withPropertyValues(this.properties.toArray(String[]::new))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				this.messages = context.getBean(UserMessages.class);
				test.accept(context.getBean(Replies.class));
			});
	}

	/**
	 * Sends a user message, and waits for the end of the reply.
	 * @return the payload of the last event
	 */
	JsonNode ask(Replies replies, String endType) {
		say(replies);
		return await(endType);
	}

	void say(Replies replies) {
		this.messages.submit(this.session, "ada", "Hi", UUID.randomUUID()).join();
	}

	boolean cancel(Replies replies) {
		return replies.cancel(this.session, "ada", null);
	}

	JsonNode await(String type) {
		Awaitility.await()
			.atMost(AT_MOST)
			.until(() -> types().stream().anyMatch(List.of(type, "assistant_message", "assistant_failed")::contains));
		assertThat(types()).contains(type);
		return payload(type);
	}

	List<String> types() {
		return events().stream().map(SessionEvent::type).toList();
	}

	String text() {
		StringBuilder text = new StringBuilder();
		events().stream()
			.filter((event) -> event.type().equals("assistant_delta"))
			.forEach((event) -> text.append(JSON.readTree(event.payload()).path("content").asString()));
		return text.toString();
	}

	private JsonNode payload(String type) {
		return events().stream()
			.filter((event) -> event.type().equals(type))
			.map((event) -> JSON.readTree(event.payload()))
			.findFirst()
			.orElseThrow();
	}

	private List<SessionEvent> events() {
		return this.log.log().read(this.session, 0, 1000);
	}

	@Override
	public void close() {
		this.stub.close();
		this.log.close();
	}

	/**
	 * Returns the warnings about replies in the given output.
	 */
	static List<String> warnings(String log) {
		return log.lines().filter((line) -> line.contains("WARN") && line.contains("Reply")).toList();
	}

	static String event(String data) {
		return "data: " + data + "\n\n";
	}

	static String text(String text) {
		return event(chunk("{\"content\":\"" + text + "\"}", "null"));
	}

	static String chunk(String delta, String finishReason) {
		return "{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":"
				+ "[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finishReason + "}]}";
	}

}
