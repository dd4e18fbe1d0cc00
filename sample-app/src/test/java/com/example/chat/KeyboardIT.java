package com.example.chat;

import java.util.ArrayList;
import java.util.List;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import dev.resumablews.testing.OpenAiAnswer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the page with hardware keyboards, on-screen keyboards and input methods.
 */
class KeyboardIT extends SampleInChromium {

	@Test
	void everyControlIsATabStopWithANameAndAVisibleFocus() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		page.find("#conversations a").first().waitFor();

		List<String> stops = tabStops(page);

		assertThat(stops).contains("skip", "new", "device", "theme", "show-events", "scroller", "input", "cut",
				"restart", "session");
		assertThat(stops.indexOf("new")).isLessThan(stops.indexOf("input"));
		assertThat(stops.indexOf("input")).isLessThan(stops.indexOf("cut"));
	}

	@Test
	void theListOnAPhoneTrapsTheFocus() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page, "An answer");
		page.find("#conversations a").first().waitFor();
		page.tab().setViewportSize(390, 844);
		page.click("#show-list");
		assertThat(focused(page)).isEqualTo("new");

		List<String> stops = new ArrayList<>();
		for (int i = 0; i < 14; i++) {
			page.tab().keyboard().press("Tab");
			if (page.tab()
				.evaluate("document.activeElement.closest('#list, body > :not(#list)')?.id") instanceof String id) {
				stops.add(id);
			}
		}
		assertThat(stops).isNotEmpty().containsOnly("list");
		page.tab().keyboard().press("Escape");
		assertThat(focused(page)).isEqualTo("show-list");

		// on a wide screen, the list is beside the page and does not trap the focus
		page.click("#show-list");
		page.tab().setViewportSize(1280, 800);
		page.click("#input");
		assertThat(focused(page)).isEqualTo("input");
	}

	@Test
	void theSkipLinkFocusesTheField() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.find("#skip").press("Enter");

		assertThat(focused(page)).isEqualTo("input");
	}

	@Test
	void theUpstreamCanBeChosenWithTheKeyboard() {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.find("#input").focus();
		page.tab().keyboard().press("Shift+Tab");
		assertThat(focused(page)).isEqualTo("upstream");
		page.tab().keyboard().press("Space");

		assertThat(page.find("#upstream").getAttribute("aria-pressed")).isEqualTo("true");
		assertThat(page.find("#input").getAttribute("placeholder")).isEqualTo("To the upstream");
		assertThat(focused(page)).isEqualTo("input");
		assertThat(tabStops(page)).contains("upstream", "input", "sound");
	}

	@Test
	void enterSendsAndShiftEnterBeginsANewLine() {
		cluster.model().answer(OpenAiAnswer.of("An answer"));
		ChatPage page = ChatPage.open(this.browser, "/");
		page.find("#input").pressSequentially("one");
		page.tab().keyboard().press("Shift+Enter");
		page.find("#input").pressSequentially("two");
		page.tab().keyboard().press("Enter");
		page.awaitAnswers(1, "done");

		assertThat(page.messages()).first().isEqualTo(new ChatPage.Message("user", "one\ntwo"));
		assertThat(page.find("#keys").textContent()).startsWith("Enter sends");
	}

	@Test
	void enterBeginsANewLineOnAnOnScreenKeyboard() {
		cluster.model().answer(OpenAiAnswer.of("An answer"));
		try (BrowserContext phone = chromium.newBrowser(new Browser.NewContextOptions().setBaseURL(address)
			.setViewportSize(390, 844)
			.setHasTouch(true)
			.setIsMobile(true))) {
			ChatPage page = ChatPage.open(phone, "/");
			assertThat(page.find("#input").getAttribute("enterkeyhint")).isEqualTo("enter");
			assertThat(page.find("#keys").textContent()).isEqualTo("Enter begins a new line");
			page.find("#input").pressSequentially("one");
			page.tab().keyboard().press("Enter");
			page.find("#input").pressSequentially("two");
			page.find("#send").tap();
			page.awaitAnswers(1, "done");

			assertThat(page.messages()).first().isEqualTo(new ChatPage.Message("user", "one\ntwo"));
		}
	}

	@Test
	void aKeyThatEndsACompositionNeitherSendsNorStops() {
		ChatPage page = ChatPage.open(this.browser, "/");
		startAnswer(page);
		page.find("#input").fill("かな");
		// how Chromium and Safari report such keys
		for (boolean composing : new boolean[] { true, false }) {
			for (String key : List.of("Enter", "Escape")) {
				page.find("#input")
					.evaluate(
							"""
									(input, [key, isComposing, keyCode]) => input.dispatchEvent(
											new KeyboardEvent('keydown', { key, isComposing, keyCode, bubbles: true, cancelable: true }))""",
							List.of(key, composing, composing ? 13 : 229));
			}
		}
		this.gate.open();
		page.awaitAnswers(1, "done");

		assertThat(page.messages()).hasSize(2);
		assertThat(page.find("#input").inputValue()).isEqualTo("かな");
	}

	@Test
	void theFieldGrowsWithItsTextWithoutFieldSizing() {
		this.browser.addInitScript(
				"""
						const supports = CSS.supports.bind(CSS);
						CSS.supports = (...condition) => condition[0] !== 'field-sizing' && supports(...condition);
						addEventListener('DOMContentLoaded', () => document.querySelector('#input').style.fieldSizing = 'fixed');
						""");
		cluster.model().answer(OpenAiAnswer.of("An answer"));
		ChatPage page = ChatPage.open(this.browser, "/");
		double line = height(page);
		page.find("#input").fill("1\n2\n3\n4");
		assertThat(height(page)).isGreaterThan(2.5 * line);
		page.click("#send");
		page.awaitAnswers(1, "done");

		page.tab()
			.waitForFunction("(line) => document.querySelector('#input').getBoundingClientRect().height <= line", line);
		assertThat(page.errors()).isEmpty();
	}

	/**
	 * Presses Tab from the beginning of the page to its end.
	 * @return the ids of the elements that had the focus
	 */
	private static List<String> tabStops(ChatPage page) {
		List<String> stops = new ArrayList<>(List.of("skip"));
		page.find("#skip").focus();
		for (int i = 0; i < 60; i++) {
			page.tab().keyboard().press("Tab");
			List<?> stop = (List<?>) page.tab()
				.evaluate(
						"""
								() => {
									const element = document.activeElement;
									const name = element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent.trim();
									const style = getComputedStyle(element);
									const seen = style.outlineStyle !== 'none' || element.matches('#input');
									return [element.id, element.localName, name, seen];
								}""");
			if (stop.get(1).equals("body") || stops.contains(stop.get(0)) && !stop.get(0).equals("")) {
				return stops;
			}
			assertThat((String) stop.get(2)).as("name of %s", stop).isNotBlank();
			assertThat((Boolean) stop.get(3)).as("focus of %s", stop).isTrue();
			stops.add((String) stop.get(0));
		}
		return stops;
	}

	private static String focused(ChatPage page) {
		return (String) page.tab().evaluate("document.activeElement.id");
	}

	private static double height(ChatPage page) {
		return page.find("#input").boundingBox().height;
	}

}
