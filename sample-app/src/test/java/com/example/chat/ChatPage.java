package com.example.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;

/**
 * The sample's page in a tab: its controls, and what it shows. Not thread-safe.
 */
final class ChatPage {

	/**
	 * Function that returns the text of a message without the marks of breaks.
	 */
	private static final String TEXT = """
			(body) => {
				if (!body.querySelector('.cut')) {
					return body.innerText.trim();
				}
				const copy = body.cloneNode(true);
				copy.querySelectorAll('.cut').forEach((mark) => mark.remove());
				return copy.textContent.trim();
			}""";

	private final Page tab;

	private final List<String> errors = new ArrayList<>();

	private final List<String> webSockets = new ArrayList<>();

	private final CDPSession devTools;

	private boolean scriptsPaused;

	private int reloads;

	private ChatPage(Page tab) {
		this.tab = tab;
		this.devTools = tab.context().newCDPSession(tab);
		tab.onPageError((error) -> this.errors.add("Uncaught " + error));
		tab.onConsoleMessage((message) -> {
			if ((message.type().equals("error") || message.type().equals("warning")) && !isHandledRejection(message)) {
				this.errors.add(message.text() + " (" + message.location() + ")");
			}
		});
		tab.onWebSocket((socket) -> this.webSockets.add(socket.url()));
	}

	/**
	 * Returns whether the browser reports a rejection that the client handles: of the
	 * request that determines why WebSockets are rejected, or, over HTTP, by a node that
	 * is stopping.
	 */
	private static boolean isHandledRejection(ConsoleMessage message) {
		return message.text().contains("responded with a status of 400") && message.location().contains("/ws:")
				|| message.text().contains("responded with a status of 503") && message.location().contains("/ws/");
	}

	/**
	 * Opens a tab, and waits until the page is connected.
	 * @param path the address, such as {@code /} or that of another tab
	 */
	static ChatPage open(BrowserContext browser, String path) {
		ChatPage page = new ChatPage(browser.newPage());
		page.tab.navigate(path);
		page.awaitConnected();
		return page;
	}

	/**
	 * Opens an empty tab.
	 */
	static ChatPage blank(BrowserContext browser) {
		return new ChatPage(browser.newPage());
	}

	/**
	 * Opens the link of another device in a tab, and confirms to become its user.
	 */
	static ChatPage join(BrowserContext browser, String link) {
		ChatPage page = new ChatPage(browser.newPage());
		page.tab.navigate(link);
		page.click("#join-dialog[open] [value=join]");
		page.awaitConnected();
		return page;
	}

	Page tab() {
		return this.tab;
	}

	CDPSession devTools() {
		return this.devTools;
	}

	Locator find(String selector) {
		return this.tab.locator(selector);
	}

	void click(String selector) {
		this.tab.locator(selector).click();
	}

	void say(String text) {
		this.tab.locator("#input").fill(text);
		click("#send");
	}

	void reload() {
		this.tab.reload();
		this.reloads++;
		awaitConnected();
	}

	/**
	 * Hides the tab and pauses its scripts. A headless browser hides no tab itself, so a
	 * script sets the visibility, and the debugger pauses the other scripts.
	 */
	void hide() {
		setVisibility("hidden");
		this.devTools.send("Debugger.enable");
		this.devTools.on("Debugger.paused", (event) -> this.scriptsPaused = true);
		this.devTools.send("Debugger.pause");
	}

	/**
	 * Waits until a script of the hidden tab is paused.
	 */
	void awaitPaused() {
		this.tab.waitForCondition(() -> this.scriptsPaused);
	}

	/**
	 * Shows the tab again, and resumes its scripts.
	 */
	void show() {
		this.devTools.send("Debugger.resume");
		this.devTools.send("Debugger.disable");
		setVisibility("visible");
	}

	void setVisibility(String state) {
		this.tab.evaluate("""
				(state) => {
					Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
					Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
					document.dispatchEvent(new Event('visibilitychange'));
				}""", state);
	}

	void awaitConnected() {
		awaitState("open");
	}

	void awaitState(String state) {
		this.tab.waitForSelector("#state[data-state=" + state + "]");
	}

	/**
	 * Waits until the page has reconnected.
	 * @param times the minimum number of reconnects since the page was loaded
	 */
	void awaitReconnects(int times) {
		this.tab.waitForFunction("""
				(times) => document.querySelector('#state').dataset.state === 'open'
						&& Number(document.querySelector('#reconnects').textContent) >= times""", times);
	}

	/**
	 * Waits until the last answer has a text, complete or not.
	 */
	void awaitAnswer(String text) {
		this.tab.waitForFunction("""
				(text) => {
					const body = [...document.querySelectorAll('.message[data-role=assistant] .body')].at(-1);
					return body && (%s)(body) === text;
				}""".formatted(TEXT), text.strip());
	}

	/**
	 * Waits until the last answer has a number of characters.
	 */
	void awaitCharacters(int count) {
		this.tab.waitForFunction("""
				(count) => [...document.querySelectorAll('.message[data-role=assistant] .body')].at(-1)
						?.innerText.length >= count""", count);
	}

	/**
	 * Waits until the page has received an event.
	 */
	void awaitCursor(int eventId) {
		this.tab.waitForFunction("(id) => Number(document.querySelector('#cursor').textContent) >= id", eventId);
	}

	/**
	 * Waits until a number of answers have a status, and no answer is running.
	 * @param status the status: done, cancelled or failed
	 */
	void awaitAnswers(int count, String status) {
		this.tab.waitForFunction(
				"""
						([count, status]) => document.querySelectorAll(`.message[data-role=assistant][data-status=${status}]`).length === count
								&& !document.querySelector('.message[data-status=running]')""",
				List.of(count, status));
	}

	/**
	 * Waits until a number of the user's messages are shown as stored.
	 */
	void awaitStoredMessages(int count) {
		this.tab.waitForFunction(
				"(count) => document.querySelectorAll('.message[data-role=user][data-status=sent]').length === count",
				count);
	}

	/**
	 * Returns the messages that the page shows.
	 */
	List<Message> messages() {
		List<Message> messages = new ArrayList<>();
		Object shown = this.tab.evaluate("""
				() => [...document.querySelectorAll('.message')].map((message) =>
						({ role: message.dataset.role, text: (%s)(message.querySelector('.body')) }))"""
			.formatted(TEXT));
		for (Object message : (List<?>) shown) {
			Map<?, ?> fields = (Map<?, ?>) message;
			messages.add(new Message((String) fields.get("role"), (String) fields.get("text")));
		}
		return messages;
	}

	String sessionId() {
		String url = this.tab.url();
		return url.substring(url.indexOf("#/c/") + 4);
	}

	/**
	 * Returns the number of reconnects, including reloads.
	 */
	int reconnects() {
		return Integer.parseInt(this.tab.locator("#reconnects").innerText()) + this.reloads;
	}

	/**
	 * Returns the distance from the visible part to the end of the conversation, in
	 * pixels.
	 */
	double distanceFromEnd() {
		return ((Number) this.tab.evaluate("""
				() => {
					const { scrollHeight, scrollTop, clientHeight } = document.querySelector('#scroller');
					return scrollHeight - scrollTop - clientHeight;
				}""")).doubleValue();
	}

	String background() {
		return (String) this.tab.evaluate("getComputedStyle(document.body).backgroundColor");
	}

	String notice() {
		return this.tab.locator("#notice").innerText();
	}

	/**
	 * Returns the addresses of all WebSockets that the page has opened.
	 */
	List<String> webSockets() {
		return this.webSockets;
	}

	/**
	 * Returns the errors and warnings on the browser's console.
	 */
	List<String> errors() {
		return this.errors;
	}

	/**
	 * Returns the violations of the page's content security policy.
	 */
	Object violations() {
		return this.tab.evaluate("window.violations");
	}

	/**
	 * A message.
	 *
	 * @param role user or assistant
	 * @param text its text
	 */
	record Message(String role, String text) {
	}

}
