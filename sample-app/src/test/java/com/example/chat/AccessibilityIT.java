package com.example.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.ReducedMotion;
import com.microsoft.playwright.options.RequestOptions;
import com.microsoft.playwright.options.ViewportSize;
import dev.resumablews.testing.OpenAiAnswer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that axe-core finds no violations in any state of the page, in both themes, on
 * wide screens, on phones, and at a zoom of 400 %.
 */
class AccessibilityIT extends SampleInChromium {

	private static final List<ViewportSize> PHONES = List.of(new ViewportSize(390, 844), new ViewportSize(320, 640),
			new ViewportSize(320, 200));

	private static final List<ViewportSize> SCREENS = List.of(new ViewportSize(1280, 800), PHONES.get(0), PHONES.get(1),
			PHONES.get(2));

	@BeforeEach
	void addAxe() {
		this.browser.addInitScript(axe());
	}

	@Test
	void aNewConversationIsAccessible() {
		assertAccessible(ChatPage.open(this.browser, "/"), SCREENS);
	}

	@Test
	void anAnswerWithAllMarkdownElementsIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, MarkdownIT.EVERYTHING);

		assertAccessible(page, SCREENS);
	}

	@Test
	void aRunningAnswerIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		startAnswer(page);

		assertAccessible(page, SCREENS);
	}

	@Test
	void anInterruptedAnswerIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		startAnswer(page);
		page.click("#cut");
		page.awaitReconnects(1);
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertAccessible(page, SCREENS);
	}

	@Test
	void theComparisonIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.click("#compare");
		completeAnswer(page, "An answer");

		assertAccessible(page, SCREENS);
	}

	@Test
	void aFailedAnswerIsAccessible() {
		cluster.model().answer(OpenAiAnswer.ofPieces(10).malformedAfter(5));
		ChatPage page = ChatPage.open(this.browser, "/");
		page.say("Hello");
		page.awaitAnswers(1, "failed");

		assertAccessible(page, SCREENS);
	}

	@Test
	void theEventsAreAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		page.click("#show-events");
		page.find("#event-list summary").last().click();

		assertAccessible(page, SCREENS);
	}

	@Test
	void theConversationListOnAPhoneIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		page.find("#conversations a").first().waitFor();
		resize(page, PHONES.get(0));
		page.click("#show-list");

		assertAccessible(page, PHONES);
	}

	@Test
	void theDialogsAreAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		page.find("#conversations .remove").first().press("Enter");
		page.find("#delete-dialog[open]").waitFor();
		assertAccessible(page, SCREENS);
		page.click("#delete-dialog [value=keep]");
		resize(page, SCREENS.get(0));
		page.click("#sign-out");
		page.find("#sign-out-dialog[open]").waitFor();
		assertAccessible(page, SCREENS);
		page.click("#sign-out-dialog [value=stay]");
		resize(page, SCREENS.get(0));
		page.click("#device");
		page.find("#device-dialog[open]").waitFor();
		assertAccessible(page, SCREENS);
		page.click("#device-dialog [value=close]");
		page.tab().evaluate("location.hash = '#/join/used'");
		page.find("#join-dialog[open]").waitFor();

		assertAccessible(page, SCREENS);
	}

	@Test
	void aWaitingMessageIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		this.browser.setOffline(true);
		page.awaitState("waiting");
		assertAccessible(page, SCREENS);
		page.say("Are you there?");
		page.find(".message[data-status=sending]").waitFor();

		assertAccessible(page, SCREENS);
	}

	@Test
	void anUpstreamAnswerAndTheTypingIndicatorAreAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		ChatPage other = ChatPage.open(this.browser, "/#/c/" + page.sessionId());
		page.find("#presence:has-text('2 connections')").waitFor();
		page.click("#upstream");
		page.say("Hello");
		page.find(".sound:has-text('pieces')").waitFor();
		assertAccessible(page, List.of(SCREENS.get(0)));
		page.awaitAnswers(1, "done");
		page.click("#sound");
		page.find("#typing")
			.evaluate(
					"(typing) => new MutationObserver(() => typing.textContent ||= 'typing…').observe(typing, { childList: true })");
		other.find("#input").pressSequentially("Hi");
		page.find("#typing:has-text('typing…')").waitFor();

		assertAccessible(page, SCREENS);
		page.reload();
		page.find(".sound:has-text('not stored, so')").waitFor();
		assertAccessible(page, SCREENS);
	}

	@Test
	void aDeletedConversationIsAccessible() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		this.browser.request()
			.delete(address + "/api/conversations/" + page.sessionId(),
					RequestOptions.create().setHeader("Content-Type", "application/json"));
		page.awaitState("closed");

		assertAccessible(page, SCREENS);
	}

	private static void assertAccessible(ChatPage page, List<ViewportSize> sizes) {
		List<String> found = new ArrayList<>();
		for (ViewportSize size : sizes) {
			resize(page, size);
			for (ColorScheme theme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
				// reduced motion skips transitions, so that contrasts are measured with
				// the final colours
				page.tab()
					.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(theme)
						.setReducedMotion(ReducedMotion.REDUCE));
				for (Object violation : (List<?>) page.tab()
					.evaluate(
							"""
									async () => (await axe.run(document)).violations.flatMap(({ id, help, nodes }) =>
											nodes.map(({ target, any }) => [id, target.join(' '), any[0]?.message ?? help].join(': ')))""")) {
					found.add("%d×%d, %s: %s".formatted(size.width, size.height, theme, violation));
				}
			}
		}
		assertThat(found).isEmpty();
		assertThat(page.errors()).allMatch((error) -> error.matches(BrowserIT.NETWORK_ERROR));
	}

	private static void resize(ChatPage page, ViewportSize size) {
		page.tab().setViewportSize(size.width, size.height);
		// the page has handled the new size when the second frame begins
		page.tab().evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
	}

	private static String axe() {
		try (InputStream in = AccessibilityIT.class.getResourceAsStream("/axe.min.js")) {
			return new String(in.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
