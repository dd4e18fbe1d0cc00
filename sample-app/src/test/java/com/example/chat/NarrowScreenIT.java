package com.example.chat;

import java.util.List;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.options.WaitForSelectorState;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that screens of every size have room for reading and writing, and that nothing is
 * cut off or covered. 320×200 is a screen of 1280×800 at a zoom of 400 %.
 */
class NarrowScreenIT extends SampleInChromium {

	@ParameterizedTest
	@CsvSource({ "1280, 800, 400", "1000, 700, 300", "844, 390, 130", "390, 844, 400", "320, 640, 200",
			"320, 200, 120" })
	void theConversationAndTheControlsFit(int width, int height, int toRead) {
		ChatPage page = conversation(width, height);

		assertThat(number(page, "document.querySelector('#scroller').clientHeight")).isGreaterThanOrEqualTo(toRead);
		assertFits(page, width);
		assertCanBeClicked(page, "#input", "#send", "#show-events", "#cut", "#expire", "#slow", "#restart", "#session",
				".copy >> nth=0");
		page.tab()
			.evaluate(
					"document.querySelector('#notice').textContent = 'Back after 12.3 s, 123 events replayed. '.repeat(2)");
		assertFits(page, width);
	}

	@ParameterizedTest
	@CsvSource({ "1280, 800, 350", "844, 390, 90", "390, 844, 350", "320, 640, 150", "320, 200, 120" })
	void theControlsOfTheUpstreamAndThePresenceFit(int width, int height, int toRead) {
		ChatPage page = conversation(width, height);
		ChatPage.open(this.browser, "/#/c/" + page.sessionId());
		page.find("#presence:has-text('2')").waitFor();
		page.click("#upstream");
		page.say("Hello");
		page.find(".sound:has-text('piece')").waitFor();

		assertThat(number(page, "document.querySelector('#scroller').clientHeight")).isGreaterThanOrEqualTo(toRead);
		assertFits(page, width);
		assertCanBeClicked(page, "#upstream", "#sound", "#input", "#send", "#show-events", "#cut", "#restart");
		assertThat(number(page, "document.querySelector('#input').clientWidth")).isGreaterThan(130);
	}

	@ParameterizedTest
	@CsvSource({ "1280, 800", "1200, 800", "1000, 700", "390, 844", "320, 640", "320, 200" })
	void theEventsFitBesideTheBreakButtons(int width, int height) {
		ChatPage page = conversation(width, height);
		page.click("#show-events");

		assertThat(number(page, "document.querySelector('#event-list').clientHeight")).isGreaterThan(90);
		assertFits(page, width);
		assertCanBeClicked(page, "#close-events", "#clear-events", "#event-list summary >> nth=-1", "#input", "#send",
				"#cut", "#restart", "#show-events");
		if (height > 200) {
			assertThat(number(page, "document.scrollingElement.scrollHeight")).as("height of the page")
				.isLessThanOrEqualTo(height);
			assertThat(number(page, "document.querySelector('#scroller').clientHeight")).isGreaterThan(50);
		}
	}

	@ParameterizedTest
	@CsvSource({ "390, 844", "320, 640", "320, 200" })
	void everyControlInTheListOnAPhoneCanBeReached(int width, int height) {
		ChatPage page = conversation(width, height);
		page.find("#conversations a")
			.first()
			.waitFor(new Locator.WaitForOptions().setState(WaitForSelectorState.ATTACHED));
		page.click("#show-list");

		assertCanBeClicked(page, "#hide-list", "#new", "#conversations a >> nth=0", "#conversations .remove >> nth=0",
				"#device", "#sign-out", "#theme");
		page.click("#device");
		assertCanBeClicked(page, "#device-link", "#copy-link", "#device-dialog [value=close]");
	}

	private ChatPage conversation(int width, int height) {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, MarkdownIT.EVERYTHING.repeat(2));
		page.find("#cut").waitFor();
		page.tab().setViewportSize(width, height);
		return page;
	}

	private static void assertFits(ChatPage page, int width) {
		page.tab().waitForFunction("(width) => innerWidth === width", width);
		assertThat(number(page, "document.scrollingElement.scrollWidth")).isEqualTo(width);
		assertThat((List<?>) page.tab()
			.evaluate(
					"""
							() => [...document.querySelectorAll('main *, #events:not([hidden]) *')]
									.filter((element) => element.getClientRects().length && !element.closest('.sideways, .unseen, svg'))
									.filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
									.map((element) => `${element.localName}#${element.id}.${element.className}`)"""))
			.isEmpty();
	}

	/**
	 * Scrolls to each control, and verifies that a click would hit it, without clicking.
	 */
	private static void assertCanBeClicked(ChatPage page, String... controls) {
		for (String control : controls) {
			page.find(control).click(new Locator.ClickOptions().setTrial(true).setTimeout(10_000));
		}
	}

	private static double number(ChatPage page, String expression) {
		return ((Number) page.tab().evaluate(expression)).doubleValue();
	}

}
