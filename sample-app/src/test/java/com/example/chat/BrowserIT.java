package com.example.chat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import javax.imageio.ImageIO;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.WaitForSelectorState;
import com.sun.net.httpserver.HttpServer;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiExchange;
import dev.resumablews.testing.TestPostgres;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Tests that the packaged sample in Chromium shows the messages in the log, each once,
 * after failures of the browser, the network and the server. Skipped if Chromium is not
 * installed.
 */
class BrowserIT extends PageScenario {

	/**
	 * Messages that every browser logs to its console when the server is not available.
	 */
	static final String NETWORK_ERROR = "Failed to load resource: net::ERR_.*|WebSocket connection to .* failed: .*";

	@Test
	void anAnswerAppearsWordByWord() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Hello <b>there</b>");
		this.gate.release(10);
		page.awaitAnswer(words(10));
		assertThat(page.find(".message[data-status=running]").getAttribute("aria-busy")).isEqualTo("true");
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(page.messages()).containsExactly(new ChatPage.Message("user", "Hello <b>there</b>"),
				new ChatPage.Message("assistant", words(WORDS)));
		assertShowsLog(page);
		assertThat(page.errors()).isEmpty();
		report("a message and its answer", page);
	}

	@Test
	void anAnswerIsCompleteAfterTheServerWasKilledAndRestarted() throws Exception {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Carry on without me");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		cluster.node(0).kill();
		page.awaitState("waiting");
		page.say("Are you there?");
		this.gate.open();
		cluster.node(0);
		page.awaitAnswers(2, "done");

		assertShowsLog(page);
		assertThat(page.reconnects()).isPositive();
		assertThat(page.errors()).allMatch((error) -> error.matches(NETWORK_ERROR));
		report("server killed in the middle of a reply", page);
	}

	@Test
	void aMessageWrittenOfflineIsSentOnceWhenOnlineAgain() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Before");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		this.browser.setOffline(true);
		page.awaitState("waiting");
		assertThat(page.find("#state").innerText()).isEqualTo("Offline");
		page.find("#connection-list .lost")
			.waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.ATTACHED));
		page.say("While offline");
		this.gate.open();
		assertThat(cluster.log(page.sessionId())).filteredOn((event) -> isType(event, "user_message")).hasSize(1);
		this.browser.setOffline(false);
		page.awaitAnswers(2, "done");

		assertShowsLog(page);
		assertThat(page.reconnects()).isPositive();
		assertThat(page.errors()).allMatch((error) -> error.matches(NETWORK_ERROR));
		report("offline in the middle of a reply, and online again", page);
	}

	@Test
	void anAnswerContinuesAfterAReload() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Remember this");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.reload();
		page.awaitAnswer(words(20));
		this.gate.release(20);
		page.awaitAnswer(words(40));
		page.reload();
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(page.messages()).last().isEqualTo(new ChatPage.Message("assistant", words(WORDS)));
		assertShowsLog(page);
		assertThat(page.errors()).isEmpty();
		report("two reloads in the middle of a reply", page);
	}

	@Test
	void aSecondTabShowsTheSameConversation() {
		ChatPage first = ChatPage.open(this.browser, "/");
		first.say("From the first tab");
		this.gate.release(20);
		first.awaitAnswer(words(20));
		ChatPage second = ChatPage.open(this.browser, first.tab().url());
		second.awaitAnswer(words(20));
		second.say("From the second tab");
		first.awaitStoredMessages(2);
		cut();
		first.awaitReconnects(1);
		second.awaitReconnects(1);
		this.gate.open();
		first.awaitAnswers(2, "done");
		second.awaitAnswers(2, "done");

		assertThat(second.sessionId()).isEqualTo(first.sessionId());
		assertShowsLog(first);
		assertShowsLog(second);
		report("two tabs of one conversation, both cut in the middle of a reply", first, second);
	}

	@Test
	void anExpiredTokenIsReplaced(@TempDir Path folder) {
		try (SampleCluster other = SampleCluster.start(TestPostgres.createDatabase(), folder, 1,
				"--chat.token-lifetime=2s")) {
			other.model().answer((exchange) -> answer().pacedBy(this.gate));
			ChatPage page = ChatPage.open(this.browser, "http://localhost:" + other.node(0).port() + "/");
			page.say("Take your time");
			this.gate.release(20);
			page.awaitReconnects(2);
			page.awaitAnswer(words(20));
			this.gate.open();
			page.awaitAnswers(1, "done");

			assertShowsLog(page, other);
			assertThat(page.errors()).isEmpty();
			report("tokens that live for two seconds", page);
		}
	}

	@Test
	void aHiddenTabWhoseScriptsWerePausedCatchesUp() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Do not wait for me");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.hide();
		this.gate.release(20);
		page.awaitPaused();
		cut();
		this.gate.open();
		page.tab().waitForCondition(() -> cluster.openReplies() == 0);
		page.show();
		page.awaitAnswers(1, "done");

		assertShowsLog(page);
		assertThat(page.reconnects()).isPositive();
		assertThat(page.errors()).isEmpty();
		report("tab hidden and stopped in the middle of a reply, its connection cut", page);
	}

	@Test
	void scriptsInAnAnswerAreShownAndNotExecuted() {
		List<String> pieces = List.of("# Look\n\n", "- **bold**\n- <img src=x onerror=\"window.hacked = 1\">\n\n",
				"<script>window.hacked = 2</script>\n\n", "[click](javascript:window.hacked=3) ",
				"[fine](https://example.com/) ", "<a href=\"#\" onclick=\"window.hacked=4\" style=\"color:red\">x</a>",
				"\n\n<svg><animate onbegin=\"window.hacked=5\" attributeName=x dur=1s></svg>\n\n",
				"![tracker](https://example.com/pixel.png)\n\n", "```html\n<script>window.hacked = 6</script>\n```\n\n",
				"| a | b |\n|---|---|\n| 1 | <style>*{display:none}</style> |\n");
		cluster.model().answer(OpenAiAnswer.of(pieces).pacedBy(this.gate));
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("<img src=x onerror=\"window.hacked = 7\">");
		// wait until each piece is rendered, so that incomplete markup is rendered as
		// well
		for (int i = 1; i <= pieces.size(); i++) {
			this.gate.release(1);
			page.awaitCursor(1 + 1 + i);
		}
		this.gate.open();
		page.awaitAnswers(1, "done");

		Locator body = page.find(".message[data-role=assistant] .body");
		assertThat(body.locator("h1").innerText()).isEqualTo("Look");
		assertThat(body.locator("strong").innerText()).isEqualTo("bold");
		assertThat(body.locator("pre code").innerText()).isEqualTo("<script>window.hacked = 6</script>");
		assertThat(body.locator("a[href='https://example.com/']").getAttribute("rel")).contains("noopener");
		assertThat(body.locator("script, style, img, iframe, [onclick], [onerror], [style]").count()).isZero();
		assertThat(body.locator("a[href^='javascript']").count()).isZero();
		assertThat(body.innerText()).contains("onerror", "window.hacked = 2", "<style>");
		assertThat(page.find(".message[data-role=user] img").count()).isZero();
		assertThat(page.tab().evaluate("window.hacked")).isNull();
		assertThat(page.violations()).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
		assertThat(page.errors()).isEmpty();
		report("an answer full of scripts", page);
	}

	@Test
	void anAnswerCanBeStoppedRetriedAndCopied() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Tell me everything");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		OpenAiExchange upstream = lastExchange();
		page.find("#input").press("Escape");
		page.awaitAnswers(1, "cancelled");
		assertThat(upstream.awaitEnd(Duration.ofSeconds(20))).isEqualTo(OpenAiExchange.End.ABORTED_BY_CLIENT);

		page.click(".retry");
		page.awaitStoredMessages(2);
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.find(".message[data-status=done] .copy").click();
		page.find(".message[data-status=done] .copy:has-text('Copied')").waitFor();

		assertThat(page.tab().evaluate("navigator.clipboard.readText()")).isEqualTo(words(WORDS));
		assertThat(new LoggedConversation(cluster.log(page.sessionId())).messages()).containsExactly(
				new ChatPage.Message("user", "Tell me everything"), new ChatPage.Message("assistant", words(20)),
				new ChatPage.Message("user", "Tell me everything"), new ChatPage.Message("assistant", words(WORDS)));
		assertThat(page.messages()).isEqualTo(new LoggedConversation(cluster.log(page.sessionId())).messages());
		assertThat(page.errors()).isEmpty();
		report("stopped, retried, copied", page);
	}

	@Test
	void theButtonCutsTheConnection() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Cut me off");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.click("#cut");
		page.awaitReconnects(1);
		page.find("#notice:has-text('back after ')").waitFor();
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertShowsLog(page);
		report("button: cut my connection", page);
	}

	@Test
	void theButtonExpiresTheToken() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Who am I?");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.click("#expire");
		page.awaitReconnects(2);
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertShowsLog(page);
		report("button: expire my token", page);
	}

	@Test
	void theButtonSlowsAndRestoresTheNetwork() {
		ChatPage page = ChatPage.open(this.browser, "/");
		int port = URI.create(page.webSockets().get(0)).getPort();
		page.say("Slowly, please");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.click("#slow");
		page.awaitReconnects(1);
		assertThat(URI.create(last(page.webSockets())).getPort()).isNotEqualTo(port);
		this.gate.open();
		page.awaitAnswers(1, "done");
		page.click("#slow");
		page.awaitReconnects(2);

		assertThat(URI.create(last(page.webSockets())).getPort()).isEqualTo(port);
		assertShowsLog(page);
		report("button: slow my network, and fast again", page);
	}

	@Test
	void theButtonRestartsTheServer() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Turn it off and on again");
		this.gate.release(20);
		page.awaitAnswer(words(20));
		page.click("#restart");
		page.awaitReconnects(1);
		// the restarted server begins the answer again
		this.gate.open();
		page.awaitAnswers(1, "done");
		assertShowsLog(page);

		assertThat(page.messages()).isEqualTo(new LoggedConversation(cluster.log(page.sessionId())).messages());
		assertThat(page.errors()).allMatch((error) -> error.matches(NETWORK_ERROR));
		report("button: restart the server", page);
	}

	@Test
	void conversationsAreListedOnlyOnTheDevicesOfTheirUser() {
		this.gate.open();
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("The first conversation");
		page.awaitAnswers(1, "done");
		page.click("#new");
		page.find("#welcome").waitFor();
		page.awaitConnected();
		page.say("The second conversation");
		page.awaitAnswers(1, "done");
		assertTitles(page, "The second conversation", "The first conversation");
		page.reload();
		assertTitles(page, "The second conversation", "The first conversation");
		String link = link(page);
		try (BrowserContext phone = chromium.newBrowser(address);
				BrowserContext stranger = chromium.newBrowser(address)) {
			ChatPage there = ChatPage.join(phone, link);
			assertTitles(there, "The second conversation", "The first conversation");
			there.find("#conversations a:has-text('The first')").click();
			there.awaitStoredMessages(1);
			there.awaitAnswers(1, "done");
			assertShowsLog(there);

			ChatPage other = ChatPage.open(stranger, there.tab().url());
			assertThat(other.sessionId()).isNotEqualTo(there.sessionId());
			other.find("#no-conversations").waitFor();
			assertThat(other.messages()).isEmpty();

			there.find("#conversations [data-id]:has-text('The first') .remove").focus();
			there.tab().keyboard().press("Enter");
			there.click("#delete-dialog .danger");
			assertTitles(there, "The second conversation");
		}
		assertThat(page.errors()).isEmpty();
		report("conversations on two devices", page);
	}

	@Test
	void aJoinLinkRequiresConfirmationAndCanBeUndone() {
		this.gate.open();
		try (BrowserContext other = chromium.newBrowser(address)) {
			ChatPage attacker = ChatPage.open(other, "/");
			ChatPage page = ChatPage.open(this.browser, "/");
			page.say("Mine");
			page.awaitAnswers(1, "done");
			assertTitles(page, "Mine");
			assertThat(page.find("#go-back").isVisible()).isFalse();

			page.tab().navigate(link(attacker));
			page.find("#join-dialog[open]").waitFor();
			page.click("#join-dialog [value=stay]");
			page.reload();
			assertTitles(page, "Mine");

			page.tab().navigate(link(attacker));
			page.click("#join-dialog[open] [value=join]");
			page.find("#go-back").waitFor();
			page.awaitConnected();
			assertTitles(page);

			page.click("#go-back");
			page.find("#go-back").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
			page.awaitConnected();
			assertTitles(page, "Mine");
			assertThat(page.errors()).isEmpty();
		}
	}

	@Test
	void aPhoneJoinsWithTheQrCode(@TempDir Path folder) throws Exception {
		try (SampleProcess everywhere = SampleProcess.start(folder, "--spring.profiles.active=lan",
				"--spring.datasource.url=" + TestPostgres.createDatabase(), "--chat.stand-in.word-interval=1ms");
				BrowserContext here = chromium.newBrowser("http://localhost:" + everywhere.port());
				BrowserContext phone = chromium.newBrowser(address)) {
			ChatPage page = ChatPage.open(here, "/");
			page.say("Mine");
			page.awaitAnswers(1, "done");
			page.click("#device");
			page.find("#device-dialog[open]").waitFor();
			assumeTrue(page.find("#device-qr").isVisible(), "This machine has no address in a network");
			String link = read(page.find("#device-qr svg"));
			assertThat(link).isEqualTo(page.find("#device-link").inputValue()).doesNotContain("localhost");

			ChatPage there = ChatPage.join(phone, link);
			assertTitles(there, "Mine");

			page.click("#device-dialog [value=close]");
			page.find("#device-link").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));
			assertThat(page.violations()).asInstanceOf(InstanceOfAssertFactories.LIST).isEmpty();
			assertThat(page.errors()).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "localhost", "127.0.0.1" })
	void aPageOfAnotherOriginCannotChangeTheUser(String host) throws IOException {
		this.gate.open();
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Mine");
		page.awaitAnswers(1, "done");
		HttpServer evil = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
		evil.createContext("/", (exchange) -> {
			byte[] form = ("<form method=post action='" + address + "/api/sign-in'></form>").getBytes();
			exchange.getResponseHeaders().set("Content-Type", "text/html");
			exchange.sendResponseHeaders(200, form.length);
			exchange.getResponseBody().write(form);
			exchange.close();
		});
		evil.start();
		try {
			Page tab = this.browser.newPage();
			tab.navigate("http://" + host + ":" + evil.getAddress().getPort() + "/");
			Response response = tab.waitForResponse("**/api/sign-in", () -> tab.evaluate("document.forms[0].submit()"));
			assertThat(response.status()).isEqualTo(403);
			assertThat(response.headers()).doesNotContainKey("set-cookie");
		}
		finally {
			evil.stop(0);
		}
		page.reload();
		assertTitles(page, "Mine");
		assertThat(page.errors()).isEmpty();
	}

	@Test
	void signingOutCreatesANewUser() {
		this.gate.open();
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Mine");
		page.awaitAnswers(1, "done");
		assertTitles(page, "Mine");

		page.click("#sign-out");
		page.click("#sign-out-dialog[open] [value=sign-out]");

		assertTitles(page);
		page.awaitConnected();
		assertThat(page.messages()).isEmpty();
		assertThat(page.errors()).isEmpty();
	}

	@Test
	void aReaderWhoScrolledUpKeepsThePosition() {
		List<String> paragraphs = IntStream.range(0, WORDS).mapToObj((i) -> "Paragraph " + i + "\n\n").toList();
		cluster.model().answer(OpenAiAnswer.of(paragraphs).pacedBy(this.gate));
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("At length, please");
		this.gate.release(40);
		page.find("text=Paragraph 39").waitFor();
		assertThat(page.distanceFromEnd()).as("the page follows the answer").isLessThan(5);
		assertThat(page.find("#latest").isVisible()).isFalse();
		page.find("#scroller").evaluate("(scroller) => scroller.scrollTop = 100");
		page.find("#latest").waitFor();
		this.gate.open();
		page.awaitAnswers(1, "done");
		assertThat(page.find("#scroller").evaluate("(scroller) => scroller.scrollTop")).isEqualTo(100);
		page.click("#latest");

		assertThat(page.distanceFromEnd()).isLessThan(5);
		assertThat(page.errors()).isEmpty();
		report("a reader who scrolls up", page);
	}

	@Test
	void theThemeOfTheSystemAppliesUntilOneIsChosen() {
		ChatPage page = ChatPage.open(this.browser, "/");
		String light = page.background();
		page.tab().emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.DARK));
		assertThat(page.background()).isNotEqualTo(light);
		page.click("#theme");
		assertThat(page.find("#theme").innerText()).isEqualTo("Theme: light");
		assertThat(page.background()).isEqualTo(light);
		page.reload();

		assertThat(page.background()).isEqualTo(light);
		assertThat(page.errors()).isEmpty();
	}

	@Test
	void thePageFitsANarrowScreen() {
		this.gate.open();
		try (BrowserContext phone = chromium.newBrowser(new Browser.NewContextOptions().setBaseURL(address)
			.setViewportSize(360, 640)
			.setHasTouch(true)
			.setIsMobile(true))) {
			ChatPage page = ChatPage.open(phone, "/");
			page.say("A" + "a".repeat(200));
			page.awaitAnswers(1, "done");
			// the title arrives with the list
			page.find("#title:has-text('Aaaa')").waitFor();
			page.tab().waitForFunction("() => document.scrollingElement.scrollWidth === 360");
			page.find("#list").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
			page.find("#show-list").press("Enter");
			page.find("#conversations a").waitFor();
			page.tab().keyboard().press("Escape");
			page.find("#list").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.HIDDEN));
			page.find("#show-events").press("Enter");
			page.find("#event-list li").first().waitFor();

			assertShowsLog(page);
			assertThat(page.errors()).isEmpty();
			report("a screen of 360 pixels", page);
		}
	}

	private static String read(Locator qrCode) throws Exception {
		return QrReader.read(ImageIO.read(new ByteArrayInputStream(qrCode.screenshot())));
	}

	/**
	 * Creates a link for another device, and closes the dialog.
	 */
	private static String link(ChatPage page) {
		page.click("#device");
		page.find("#device-dialog[open]").waitFor();
		String link = page.find("#device-link").inputValue();
		page.click("#device-dialog [value=close]");
		return link;
	}

	private static void assertTitles(ChatPage page, String... titles) {
		page.tab()
			.waitForFunction(
					"""
							(titles) => JSON.stringify([...document.querySelectorAll('#conversations .title')].map((title) => title.textContent))
									=== JSON.stringify(titles)""",
					List.of(titles));
	}

	private static boolean isType(JsonNode event, String type) {
		return event.path("type").asString("").equals(type);
	}

	private static OpenAiExchange lastExchange() {
		return last(cluster.model().exchanges());
	}

	private static <T> T last(List<T> list) {
		return list.get(list.size() - 1);
	}

	private static String words(int count) {
		return words(0, count);
	}

	private static void report(String scenario, ChatPage... pages) {
		List<Integer> reconnects = new ArrayList<>();
		for (ChatPage page : pages) {
			reconnects.add(page.reconnects());
		}
		System.out.printf("Chromium: %s: %s reconnects%n", scenario,
				String.join(" and ", reconnects.stream().map(String::valueOf).toList()));
	}

}
