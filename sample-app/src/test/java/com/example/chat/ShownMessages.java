package com.example.chat;

import java.util.List;
import java.util.Map;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;

/**
 * Records which messages of the user any tab has shown, in which conversation and with
 * which status. The records are in the storage of the browser, and survive reloads and
 * closed tabs.
 */
final class ShownMessages {

	private static final String RECORDER = """
			(() => {
				if (!location.protocol.startsWith('http')) {
					return; // the browser's error page
				}
				const placeOf = () => location.hash.match(/^#\\/c\\/([\\da-f-]{36})/)?.[1] ?? '';
				const recorded = new Set();
				let place = placeOf();
				const record = (message, status) => {
					const number = Number(message.querySelector('.body').textContent.match(/^m(\\d+) /)?.[1]);
					const name = `${number} ${place} ${status}`;
					if (!recorded.has(name)) {
						recorded.add(name);
						localStorage.setItem(`soak ${name} ${Math.random()}`, JSON.stringify({ number, place, status, time: Date.now() }));
					}
				};
				// runs before the listener of the page
				addEventListener('hashchange', () => place = placeOf());
				const replaceState = history.replaceState;
				history.replaceState = function(...state) {
					replaceState.apply(this, state);
					place = placeOf();
				};
				new MutationObserver(() => {
					for (const message of document.querySelectorAll('#messages .message[data-role=user]')) {
						record(message, message.dataset.status);
					}
				}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-status'] });
				document.addEventListener('click', ({ target }) => {
					const message = target.closest?.('.withdraw')?.closest('.message');
					if (message && !message.isConnected) {
						record(message, 'withdrawn');
					}
				});
			})();
			""";

	private ShownMessages() {
	}

	/**
	 * Starts recording in all tabs that are opened from now on.
	 */
	static void record(BrowserContext browser) {
		browser.addInitScript(RECORDER);
	}

	/**
	 * Returns the records, the oldest first.
	 * @param tab any tab of the browser
	 */
	static List<Shown> read(Page tab) {
		List<?> found = (List<?>) tab.evaluate("""
				() => Object.keys(localStorage).filter((key) => key.startsWith('soak '))
						.map((key) => JSON.parse(localStorage.getItem(key))).sort((a, b) => a.time - b.time)""");
		return found.stream().map((entry) -> {
			Map<?, ?> fields = (Map<?, ?>) entry;
			return new Shown(((Number) fields.get("number")).intValue(), (String) fields.get("place"),
					(String) fields.get("status"), ((Number) fields.get("time")).longValue());
		}).toList();
	}

	/**
	 * A message that a tab has shown.
	 *
	 * @param number the number at the beginning of its text
	 * @param sessionId the conversation; empty for a new one without a session
	 * @param status sending, sent, refused or withdrawn
	 * @param time the time, in milliseconds
	 */
	record Shown(int number, String sessionId, String status, long time) {
	}

}
