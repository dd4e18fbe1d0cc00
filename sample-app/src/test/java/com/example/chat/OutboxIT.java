package com.example.chat;

import java.util.ArrayList;
import java.util.List;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.WaitForSelectorState;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests messages that cannot be sent yet, and what the page shows without a server.
 */
class OutboxIT extends PageScenario {

	private static final String WAITING = ".message[data-status=sending]";

	@Test
	void aWaitingMessageOfAnotherConversationIsSentWhenTheServerIsBack() {
		ChatPage page = open("/");
		String first = begin(page, "The first");
		String second = begin(page, "The second");
		openConversation(page, "The first");
		disconnect(page);
		page.say("Important");
		page.find(WAITING).waitFor();
		clickTitle(page, "The second");
		page.find("#conversations [data-id='" + first + "'] .unsent:has-text('1 unsent')").waitFor();
		reconnect(page);

		page.tab().waitForCondition(() -> userMessages(first).contains("Important"));
		page.find(".unsent").waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.DETACHED));
		assertThat(userMessages(first)).containsExactly("The first", "Important");
		assertThat(userMessages(second)).containsExactly("The second");
		assertThat(page.sessionId()).isEqualTo(second);
	}

	@Test
	void aMessageForANewConversationIsNotSentInAnother() {
		ChatPage page = open("/");
		String old = begin(page, "The old one");
		disconnect(page);
		page.click("#new");
		page.say("Secret");
		page.find(WAITING).waitFor();
		clickTitle(page, "The old one");
		page.find("#conversations li:has-text('New conversation') .unsent").waitFor();
		reconnect(page);
		page.find("#conversations .title:has-text('Secret')").waitFor();

		assertThat(userMessages(old)).containsExactly("The old one");
		openConversation(page, "Secret");
		assertThat(userMessages(page.sessionId())).containsExactly("Secret");
	}

	@Test
	void theNextTabSendsTheWaitingMessagesOfAClosedTab() {
		ChatPage page = open("/");
		String session = begin(page, "Before");
		disconnect(page);
		page.say("Left behind");
		page.find(WAITING).waitFor();
		page.tab().close();
		allowSignIn();
		ChatPage next = open("/");

		next.tab().waitForCondition(() -> userMessages(session).contains("Left behind"));
		assertThat(userMessages(session)).containsExactly("Before", "Left behind");
		assertThat(next.sessionId()).isNotEqualTo(session);
	}

	@Test
	void tabsOfANewVisitorThatSignInConcurrentlyAreOneUser() {
		List<Route> held = new ArrayList<>();
		this.browser.route(SIGN_IN, held::add);
		ChatPage first = ChatPage.blank(this.browser);
		first.tab().navigate("/");
		first.tab().waitForCondition(() -> !held.isEmpty());
		ChatPage second = ChatPage.blank(this.browser);
		second.tab().navigate("/");
		second.awaitState("connecting");
		allowSignIn();
		held.forEach(Route::resume);
		first.awaitConnected();
		second.awaitConnected();
		first.say("From the first");

		second.find("#conversations .title:has-text('From the first')").waitFor();
	}

	@Test
	void aReloadWithoutAServerShowsTheLastTranscript() throws Exception {
		this.gate.open();
		ChatPage page = open("/");
		page.say("Remember this");
		page.awaitAnswers(1, "done");
		page.find("#conversations .title:has-text('Remember this')").waitFor();
		awaitCachedFiles(page);
		String session = page.sessionId();
		cluster.node(0).kill();
		page.awaitState("waiting");
		page.say("And this");
		page.find(WAITING).waitFor();
		page.tab().reload();

		page.find(".message[data-role=user]:has-text('Remember this')").waitFor();
		page.find(".message[data-role=assistant]:has-text('word59')").waitFor();
		page.find(WAITING + ":has-text('And this')").waitFor();
		page.find("#conversations .title:has-text('Remember this')").waitFor();
		assertThat(page.find("#welcome").isVisible()).isFalse();
		assertThat(page.find("#no-conversations").isVisible()).isFalse();

		cluster.node(0);
		page.awaitAnswers(2, "done");
		assertThat(userMessages(session)).containsExactly("Remember this", "And this");
		assertThat(page.find(".message[data-role=user]").count()).isEqualTo(2);
	}

	@Test
	void aConversationThatIsNotLoadedYetIsNotShownAsNew() {
		this.gate.open();
		ChatPage page = open("/");
		page.say("Known elsewhere");
		page.awaitAnswers(1, "done");
		String url = page.tab().url();
		page.tab().close();
		blockSignIn();
		Page tab = this.browser.newPage();
		tab.addInitScript(
				"Object.keys(localStorage).filter((key) => key.startsWith('transcripts')).forEach((key) => localStorage.removeItem(key))");
		tab.navigate(url);
		tab.waitForSelector("#loading-text:has-text('Waiting for the connection')");
		assertThat(tab.locator("#welcome").isVisible()).isFalse();
		allowSignIn();
		tab.locator("#reconnect").evaluate("(button) => button.click()");
		tab.waitForSelector(".message[data-status=done]");
		assertThat(tab.locator("#loading").isVisible()).isFalse();
	}

	@Test
	void aWaitingMessageCanBeWithdrawn() {
		ChatPage page = open("/");
		String session = begin(page, "Before");
		disconnect(page);
		page.say("Rather not");
		page.click(".withdraw");
		assertThat(page.find(WAITING).count()).isZero();
		assertThat(page.find("#input").inputValue()).isEqualTo("Rather not");
		page.find("#input").fill("Better");
		page.find("#input").press("Enter");
		reconnect(page);
		page.awaitStoredMessages(2);

		assertThat(userMessages(session)).containsExactly("Before", "Better");
	}

	@Test
	void aDraftBelongsToItsConversationAndSurvivesAReload() {
		ChatPage page = open("/");
		begin(page, "The first");
		begin(page, "The second");
		page.find("#input").fill("half of a thou");
		openConversation(page, "The first");
		assertThat(page.find("#input").inputValue()).isEmpty();
		openConversation(page, "The second");
		assertThat(page.find("#input").inputValue()).isEqualTo("half of a thou");
		page.reload();
		assertThat(page.find("#input").inputValue()).isEqualTo("half of a thou");
	}

	@Test
	void aTextThatIsTooLongIsRejectedAndNotTruncated() {
		ChatPage page = open("/");
		page.find("#input").fill("x".repeat(20_003));
		page.find("#input").press("Enter");
		page.find("#length:has-text('20,003 characters; the maximum is 20,000')").waitFor();
		assertThat(page.find("#input").inputValue()).hasSize(20_003);
		assertThat(page.messages()).isEmpty();
		page.find("#input").fill("x".repeat(20_000));
		page.find("#input").press("Enter");
		page.awaitStoredMessages(1);
	}

	@Test
	void aDoubleClickOnTryAgainSendsOneMessage() {
		ChatPage page = open("/");
		page.say("Once");
		this.gate.release(5);
		page.awaitAnswer(words(0, 5));
		page.click("#stop");
		page.awaitAnswers(1, "cancelled");
		page.find(".retry").evaluate("(button) => { button.click(); button.click(); }");
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(userMessages(page.sessionId())).containsExactly("Once", "Once");
		assertThat(page.find(".retry").count()).isZero();
	}

	@Test
	void queuedMessagesAreMarkedAndCanBeRetriedAfterAStop() {
		ChatPage page = open("/");
		page.say("One");
		this.gate.release(5);
		page.awaitAnswer(words(0, 5));
		page.say("Two");
		page.say("Three");
		page.awaitStoredMessages(3);
		page.tab()
			.waitForFunction(
					"() => [...document.querySelectorAll('.note')].filter(({ textContent }) => textContent === 'Waits for its turn').length === 2");
		page.click("#stop");
		page.awaitAnswers(3, "cancelled");

		assertThat(page.find(".message[data-status=cancelled] .retry").count()).isEqualTo(3);
		assertThat(page.find(".question").allInnerTexts()).anyMatch((text) -> text.endsWith("Two"))
			.anyMatch((text) -> text.endsWith("Three"));
	}

	@Test
	void aConversationDeletedElsewhereIsMarkedAndAcceptsNoMessages() {
		ChatPage page = open("/");
		begin(page, "Doomed");
		ChatPage other = open(page.tab().url());
		other.find("#conversations [data-id]:has-text('Doomed') .remove").focus();
		other.tab().keyboard().press("Enter");
		other.click("#delete-dialog .danger");

		page.find("#ended").waitFor();
		assertThat(page.find("#input").isDisabled()).isTrue();
		assertThat(page.find("#reconnect").isVisible()).isFalse();
		page.click("#ended-new");
		page.awaitConnected();
		page.say("A new start");
		page.awaitStoredMessages(1);
	}

	@Test
	void aFailedDeletionIsReportedAndKeepsTheConversation() {
		ChatPage page = open("/");
		String session = begin(page, "Keep me");
		this.browser.route("**/api/conversations/*",
				(route) -> route.fulfill(new Route.FulfillOptions().setStatus(503)));
		page.find("#conversations [data-id='" + session + "'] .remove").focus();
		page.tab().keyboard().press("Enter");
		page.click("#delete-dialog .danger");

		page.find("#notice:has-text('could not be deleted (503)')").waitFor();
		assertThat(page.sessionId()).isEqualTo(session);
		assertThat(page.messages()).isNotEmpty();
	}

	/**
	 * Begins a conversation.
	 * @return the id of its session
	 */
	private String begin(ChatPage page, String content) {
		if (!page.messages().isEmpty()) {
			page.click("#new");
			page.find("#welcome").waitFor();
			page.awaitConnected();
		}
		page.say(content);
		page.awaitStoredMessages(1);
		page.find("#conversations .title:has-text('" + content + "')").waitFor();
		return page.sessionId();
	}

	private static void openConversation(ChatPage page, String title) {
		clickTitle(page, title);
		page.find("#title:has-text('" + title + "')").waitFor();
		page.awaitConnected();
	}

	private static void clickTitle(ChatPage page, String title) {
		page.find("#conversations a:has-text('" + title + "')").click();
	}

	private static void awaitCachedFiles(ChatPage page) {
		page.tab()
			.waitForFunction(
					"""
							async () => {
								const shell = await caches.open('shell');
								const files = (await shell.keys()).map(({ url }) => new URL(url).pathname);
								return ['/', '/app.js', '/style.css', '/resumable-ws/client.js', '/markdown.js'].every((file) => files.includes(file));
							}""");
	}

}
