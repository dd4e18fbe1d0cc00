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
 * The sample's page in a tab, and what somebody who looks at it sees. To be used by one
 * thread.
 */
final class ChatPage {

	/**
	 * The text of a message as it is read, without the marks of breaks in it.
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

	private boolean standsStill;

	private int reloads;

	private ChatPage(Page tab) {
		this.tab = tab;
		this.devTools = tab.context().newCDPSession(tab);
		tab.onPageError((error) -> this.errors.add("Uncaught " + error));
		tab.onConsoleMessage((message) -> {
			if ((message.type().equals("error") || message.type().equals("warning")) && !isAnswered(message)) {
				this.errors.add(message.text() + " (" + message.location() + ")");
			}
		});
		tab.onWebSocket((socket) -> this.webSockets.add(socket.url()));
	}

	/**
	 * Whether the browser reports a refusal that the client understands: of the request
	 * by which it finds out why its WebSockets are refused, or, over HTTP, by a node that
	 * is stopping.
	 */
	private static boolean isAnswered(ConsoleMessage message) {
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
	 * Opens the link of another device in a tab, and becomes its user.
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
	 * Hides the tab, and lets none of its scripts run any further. A browser without a
	 * window hides nothing by itself, so the test changes the page's visibility by hand;
	 * the debugger stops it.
	 */
	void hide() {
		becomes("hidden");
		this.devTools.send("Debugger.enable");
		this.devTools.on("Debugger.paused", (event) -> this.standsStill = true);
		this.devTools.send("Debugger.pause");
	}

	/**
	 * Waits until a script of the hidden tab wanted to run.
	 */
	void awaitStandstill() {
		this.tab.waitForCondition(() -> this.standsStill);
	}

	/**
	 * Brings the tab back.
	 */
	void show() {
		this.devTools.send("Debugger.resume");
		this.devTools.send("Debugger.disable");
		becomes("visible");
	}

	void becomes(String state) {
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
	 * @param times how often in all, at least
	 */
	void awaitReconnects(int times) {
		this.tab.waitForFunction("""
				(times) => document.querySelector('#state').dataset.state === 'open'
						&& Number(document.querySelector('#reconnects').textContent) >= times""", times);
	}

	/**
	 * Waits until the last answer reads like this, as far as it goes.
	 */
	void awaitAnswer(String text) {
		this.tab.waitForFunction("""
				(text) => {
					const body = [...document.querySelectorAll('.message[data-role=assistant] .body')].at(-1);
					return body && (%s)(body) === text;
				}""".formatted(TEXT), text.strip());
	}

	/**
	 * Waits until so much of the last answer is shown.
	 */
	void awaitCharacters(int count) {
		this.tab.waitForFunction("""
				(count) => [...document.querySelectorAll('.message[data-role=assistant] .body')].at(-1)
						?.innerText.length >= count""", count);
	}

	/**
	 * Waits until the page has taken an event.
	 */
	void awaitCursor(int eventId) {
		this.tab.waitForFunction("(id) => Number(document.querySelector('#cursor').textContent) >= id", eventId);
	}

	/**
	 * Waits until so many answers have come to an end.
	 * @param status how they have ended: done, cancelled or failed
	 */
	void awaitAnswers(int count, String status) {
		this.tab.waitForFunction(
				"""
						([count, status]) => document.querySelectorAll(`.message[data-role=assistant][data-status=${status}]`).length === count
								&& !document.querySelector('.message[data-status=running]')""",
				List.of(count, status));
	}

	/**
	 * Waits until so many of the user's messages are shown as stored.
	 */
	void awaitSaid(int count) {
		this.tab.waitForFunction(
				"(count) => document.querySelectorAll('.message[data-role=user][data-status=sent]').length === count",
				count);
	}

	/**
	 * Returns what the page shows of the conversation.
	 */
	List<Said> said() {
		List<Said> said = new ArrayList<>();
		Object shown = this.tab.evaluate("""
				() => [...document.querySelectorAll('.message')].map((message) =>
						({ role: message.dataset.role, text: (%s)(message.querySelector('.body')) }))"""
			.formatted(TEXT));
		for (Object message : (List<?>) shown) {
			Map<?, ?> fields = (Map<?, ?>) message;
			said.add(new Said((String) fields.get("role"), (String) fields.get("text")));
		}
		return said;
	}

	String sessionId() {
		String url = this.tab.url();
		return url.substring(url.indexOf("#/c/") + 4);
	}

	/**
	 * Returns how often the page has connected after the first time; a reload is such a
	 * time, too.
	 */
	int reconnects() {
		return Integer.parseInt(this.tab.locator("#reconnects").innerText()) + this.reloads;
	}

	/**
	 * Returns how many pixels of the conversation are below what is shown.
	 */
	double fromTheEnd() {
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
	 * Returns the addresses that were connected to.
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
	 * Returns what the page's content security policy has kept from happening.
	 */
	Object violations() {
		return this.tab.evaluate("window.violations");
	}

	/**
	 * One message.
	 *
	 * @param role user or assistant
	 * @param text what it says
	 */
	record Said(String role, String text) {
	}

}
