package com.example.chat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

import com.microsoft.playwright.BrowserContext;
import dev.resumablews.testing.FreePorts;
import dev.resumablews.testing.OpenAiExchange;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests that after random clicks in the sample's page, during failures of the network and
 * the server, every message that any tab has shown is in the log once, in its own
 * conversation, and has one answer. The system property {@code soak.minutes} sets the
 * duration, and {@code soak.seed} repeats a run as far as timing allows.
 */
class SoakIT {

	private static final String MINUTES = System.getProperty("soak.minutes");

	private static final Duration DURATION = (MINUTES != null)
			? Duration.ofSeconds(Math.round(60 * Double.parseDouble(MINUTES))) : Duration.ofSeconds(40);

	/**
	 * Maximum time until nothing is pending, in milliseconds.
	 */
	private static final double TIMEOUT = 120_000;

	private static final String NETWORK_ERROR = "Failed to load resource: net::ERR_.*|WebSocket connection to .* failed: .*";

	private final long seed = Long.getLong("soak.seed", (MINUTES != null) ? new Random().nextLong() : 1);

	private final Map<Integer, List<ShownMessages.Shown>> shown = new TreeMap<>();

	private final Map<String, LoggedConversation> logs = new HashMap<>();

	private final List<String> faults = new ArrayList<>();

	private Chromium chromium;

	private SampleCluster cluster;

	private RandomVisitor visitor;

	@BeforeEach
	void start(@TempDir Path folder) {
		assumeTrue(Chromium.isInstalled(), Chromium.MISSING);
		int port = FreePorts.next();
		this.cluster = SampleCluster.start(TestPostgres.createDatabase(), folder, 1, "--server.port=" + port,
				"--resumable-ws.reply.lease=2s", "--resumable-ws.shutdown.reply-grace=300ms",
				"--resumable-ws.shutdown.reconnect-window=100ms");
		this.cluster.model().answer((exchange) -> SoakTexts.answer(question(exchange)));
		this.chromium = Chromium.start();
		BrowserContext browser = this.chromium.newBrowser("http://localhost:" + port);
		ShownMessages.record(browser);
		this.visitor = new RandomVisitor(new Random(this.seed), browser, this.cluster);
	}

	@AfterEach
	void stop() {
		if (this.chromium != null) {
			this.chromium.close();
		}
		if (this.cluster != null) {
			this.cluster.close();
		}
	}

	@Test
	void everyMessageIsInItsConversationOnceAfterRandomClicks() {
		System.out.printf("Soak: %d s, seed %d%n", DURATION.toSeconds(), this.seed);
		long start = System.nanoTime();
		while (System.nanoTime() - start < DURATION.toNanos()) {
			this.visitor.performRandomAction();
		}
		this.visitor.restore(TIMEOUT);

		ShownMessages.read(this.visitor.tabs().get(0).tab())
			.forEach((message) -> this.shown.computeIfAbsent(message.number(), (number) -> new ArrayList<>())
				.add(message));
		this.cluster.sessions().forEach((id) -> this.logs.put(id, new LoggedConversation(this.cluster.log(id))));
		this.shown.forEach(this::checkMessage);
		this.logs.forEach(this::checkLog);
		this.visitor.tabs().forEach(this::checkPage);
		this.visitor.allTabs().forEach(this::checkConsole);
		report();
		assertThat(this.faults).as("seed %d", this.seed).isEmpty();
		assertThat(this.shown).isNotEmpty();
	}

	private void checkMessage(int number, List<ShownMessages.Shown> times) {
		List<String> found = this.logs.entrySet()
			.stream()
			.flatMap((log) -> log.getValue()
				.questions()
				.stream()
				.filter((question) -> SoakTexts.number(question) == number)
				.map((question) -> log.getKey()))
			.toList();
		boolean wanted = times.stream().noneMatch((shown) -> isOneOf(shown.status(), "refused", "withdrawn"));
		if (found.size() != (wanted ? 1 : 0)) {
			fault("m%d is %d times in the log: %s, shown as %s", number, found.size(), found, times);
		}
		for (String sessionId : found) {
			boolean shownElsewhere = times.stream().anyMatch((shown) -> !isOneOf(shown.sessionId(), "", sessionId));
			if (shownElsewhere || wasShownBefore(times.get(0), sessionId)) {
				fault("m%d is in the log of %s, shown as %s", number, sessionId, times);
			}
		}
	}

	/**
	 * Returns whether a message was meant for a new conversation, but is in the log of
	 * one that was shown before.
	 */
	private boolean wasShownBefore(ShownMessages.Shown message, String sessionId) {
		return message.sessionId().isEmpty() && this.shown.values()
			.stream()
			.flatMap(List::stream)
			.anyMatch((other) -> other.sessionId().equals(sessionId) && other.time() < message.time());
	}

	/**
	 * Verifies that every message in the log was typed like that, and was answered once.
	 */
	private void checkLog(String sessionId, LoggedConversation log) {
		for (String question : log.questions()) {
			if (!question.equals(this.visitor.typed().get(SoakTexts.number(question)))) {
				fault("Never typed: %s", question);
			}
		}
		List<LoggedConversation.Answer> answers = log.answers();
		if (answers.size() != log.questions().size()) {
			fault("%s has %d answers to %d messages", sessionId, answers.size(), log.questions().size());
		}
		List<String> answered = answers.stream()
			.map(LoggedConversation.Answer::question)
			.filter((question) -> !question.isEmpty())
			.toList();
		if (answered.stream().distinct().count() < answered.size()) {
			fault("%s has two answers to one message", sessionId);
		}
		for (LoggedConversation.Answer answer : answers) {
			if (answer.ends().size() != 1) {
				fault("An answer in %s has ended %d times: %s", sessionId, answer.ends().size(), answer);
			}
			String right = answer.question().isEmpty() ? "" : SoakTexts.answer(answer.question()).text();
			if (answer.ends().contains("stop") ? !answer.text().equals(right) : !right.startsWith(answer.text())) {
				fault("The wrong answer in %s: %s", sessionId, answer);
			}
		}
	}

	/**
	 * Verifies that the page shows the log of its conversation, and has detected no loss.
	 */
	private void checkPage(ChatPage page) {
		LoggedConversation log = this.logs.getOrDefault(page.sessionId(), new LoggedConversation(List.of()));
		List<String> expected = log.messages().stream().map(SoakIT::essence).toList();
		List<String> actual = page.messages().stream().map(SoakIT::essence).toList();
		if (!actual.equals(expected)) {
			fault("The page of %s shows:%n%s%nbut the log contains:%n%s", page.sessionId(), actual, expected);
		}
		if (page.find("#proof[data-state=refuted]").count() > 0) {
			fault("The page has detected a loss: %s", page.find("#proof").innerText());
		}
	}

	private void checkConsole(ChatPage page) {
		page.errors()
			.stream()
			.filter((error) -> !error.matches(NETWORK_ERROR))
			.forEach((error) -> fault("On the console: %s", error));
	}

	private void report() {
		List<LoggedConversation.Answer> answers = this.logs.values()
			.stream()
			.flatMap((log) -> log.answers().stream())
			.toList();
		Map<String, Integer> ends = new TreeMap<>();
		answers.forEach((answer) -> answer.ends().forEach((end) -> ends.merge(end, 1, Integer::sum)));
		System.out.printf(
				"Soak: done %s, not possible %s; %d messages typed, %d shown, %d withdrawn; "
						+ "%d conversations, answers %s; %d tabs, %d connections; seed %d%n",
				this.visitor.done(), this.visitor.skipped(), this.visitor.typed().size(), this.shown.size(),
				this.shown.values()
					.stream()
					.filter((times) -> times.stream().anyMatch((shown) -> shown.status().equals("withdrawn")))
					.count(),
				this.logs.values().stream().filter((log) -> !log.questions().isEmpty()).count(), ends,
				this.visitor.allTabs().size(),
				this.visitor.allTabs().stream().mapToInt((tab) -> tab.webSockets().size()).sum(), this.seed);
	}

	private void fault(String text, Object... arguments) {
		this.faults.add(text.formatted(arguments));
	}

	private static String essence(ChatPage.Message message) {
		return message.role() + " " + SoakTexts.essence(message.text());
	}

	private static String question(OpenAiExchange exchange) {
		return exchange.messages()
			.stream()
			.filter((message) -> message.role().equals("user"))
			.reduce((earlier, later) -> later)
			.orElseThrow()
			.content();
	}

	private static boolean isOneOf(String text, String... others) {
		return List.of(others).contains(text);
	}

}
