package com.example.chat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.TimeoutError;

/**
 * Simulates a visitor who uses the sample's page at random, in up to three tabs, while
 * the server stops from time to time. Not thread-safe.
 */
final class RandomVisitor {

	private static final int TABS = 3;

	/**
	 * Maximum time for one click, in milliseconds. Elements that cannot be clicked by
	 * then are skipped.
	 */
	private static final double CLICK_TIMEOUT = 3_000;

	private static final Duration STOP_TIMEOUT = Duration.ofMinutes(1);

	private final Random random;

	private final BrowserContext browser;

	private final SampleCluster cluster;

	private final List<ChatPage> tabs = new ArrayList<>();

	private final List<ChatPage> closed = new ArrayList<>();

	private final Map<Integer, String> typed = new TreeMap<>();

	private final Map<Action, Integer> done = new EnumMap<>(Action.class);

	private final Map<Action, Integer> skipped = new EnumMap<>(Action.class);

	private CompletableFuture<Void> server = CompletableFuture.completedFuture(null);

	RandomVisitor(Random random, BrowserContext browser, SampleCluster cluster) {
		this.random = random;
		this.browser = browser;
		this.cluster = cluster;
	}

	/**
	 * Performs a random action in a random tab.
	 */
	void performRandomAction() {
		if (this.tabs.isEmpty()) {
			openFirstTab();
		}
		ChatPage tab = this.tabs.get(this.random.nextInt(this.tabs.size()));
		Action chosen = Action.choose(this.random);
		Action action = isLoaded(tab) ? chosen : Action.RELOAD;
		try {
			boolean possible = perform(action, tab);
			(possible ? this.done : this.skipped).merge(action, 1, Integer::sum);
		}
		catch (PlaywrightException ex) {
			// the server is not available, or the element has disappeared
			this.skipped.merge(action, 1, Integer::sum);
			waitBriefly(tab);
		}
	}

	/**
	 * Performs an action.
	 * @return false if it is not possible now
	 */
	private boolean perform(Action action, ChatPage tab) {
		return switch (action) {
			case WAIT -> waitBriefly(tab);
			case SEND -> send(tab);
			case STOP -> click(tab, "#stop");
			case WITHDRAW -> click(tab, ".withdraw");
			case SWITCH -> click(tab, "#conversations a");
			case NEW -> click(tab, "#new");
			case RELOAD -> tab.tab().reload() != null;
			case OPEN_TAB -> this.tabs.size() < TABS && openTab(this.random.nextBoolean() ? "/" : tab.tab().url());
			case CLOSE_TAB -> closeTab(tab);
			case OFFLINE -> setOffline(true);
			case TAB_OFFLINE -> emulateNetwork(tab, true);
			case ONLINE -> goOnline();
			case CUT -> click(tab, "#cut");
			case EXPIRE -> click(tab, "#expire");
			case SLOW -> click(tab, "#slow");
			case EVERYTHING -> click(tab, "#everything");
			case RESTART -> this.server.isDone() && click(tab, "#restart");
			case TERMINATE -> stopServer(SampleProcess::terminate);
			case KILL -> stopServer(SampleProcess::kill);
		};
	}

	private boolean waitBriefly(ChatPage tab) {
		tab.tab().waitForTimeout(this.random.nextInt(2_000));
		return true;
	}

	private boolean send(ChatPage tab) {
		int number = this.typed.size() + 1;
		String text = SoakTexts.message(number, this.random);
		this.typed.put(number, text);
		if (this.random.nextBoolean()) {
			tab.say(text);
		}
		else {
			tab.find("#input").fill(text);
			tab.click("#send");
		}
		return true;
	}

	/**
	 * Clicks a random one of the visible elements.
	 */
	private boolean click(ChatPage tab, String selector) {
		Locator all = tab.find(selector + ":visible");
		int count = all.count();
		if (count > 0) {
			all.nth(this.random.nextInt(count)).click();
		}
		return count > 0;
	}

	private void openFirstTab() {
		try {
			openTab("/");
		}
		catch (PlaywrightException ex) {
			// the server is not available or the machine is busy: the tab is reloaded
			// until it is loaded
			this.skipped.merge(Action.OPEN_TAB, 1, Integer::sum);
		}
	}

	private boolean openTab(String url) {
		ChatPage tab = ChatPage.blank(this.browser);
		tab.tab().setDefaultTimeout(CLICK_TIMEOUT);
		this.tabs.add(tab);
		tab.tab().navigate(url.startsWith("http") ? url : "/");
		return true;
	}

	private boolean closeTab(ChatPage tab) {
		this.tabs.remove(tab);
		this.closed.add(tab);
		tab.tab().close();
		return true;
	}

	private boolean setOffline(boolean offline) {
		this.browser.setOffline(offline);
		return true;
	}

	private boolean goOnline() {
		this.tabs.forEach((tab) -> emulateNetwork(tab, false));
		return setOffline(false);
	}

	private boolean emulateNetwork(ChatPage tab, boolean offline) {
		JsonObject conditions = new JsonObject();
		conditions.add("offline", new JsonPrimitive(offline));
		Stream.of("latency", "downloadThroughput", "uploadThroughput")
			.forEach((name) -> conditions.add(name, new JsonPrimitive(offline ? 0 : -1)));
		tab.devTools().send("Network.emulateNetworkConditions", conditions);
		return true;
	}

	/**
	 * Stops the server's process, and starts another after a pause.
	 */
	private boolean stopServer(Stop stop) {
		if (!this.server.isDone() || this.server.isCompletedExceptionally()) {
			return false;
		}
		SampleProcess process = this.cluster.node(0);
		int pause = this.random.nextInt(3_000);
		this.server = CompletableFuture.runAsync(() -> {
			try {
				stop.apply(process);
				if (!process.awaitExit(STOP_TIMEOUT)) {
					throw new AssertionError("The server's process did not end within " + STOP_TIMEOUT);
				}
				TimeUnit.MILLISECONDS.sleep(pause);
				this.cluster.node(0);
			}
			catch (InterruptedException ex) {
				throw new AssertionError(ex);
			}
		});
		return true;
	}

	/**
	 * Ends all failures, and waits until nothing is pending in any tab.
	 * @param timeout the maximum time, in milliseconds
	 */
	void restore(double timeout) {
		this.server.join();
		this.cluster.node(0);
		if (this.tabs.isEmpty()) {
			openFirstTab();
		}
		goOnline();
		ChatPage first = this.tabs.get(0);
		this.tabs.forEach((tab) -> tab.tab().setDefaultTimeout(timeout));
		first.tab().waitForCondition(this::isServing);
		try {
			this.tabs.forEach(this::repair);
			first.tab()
				.waitForCondition(() -> this.cluster.openReplies() == 0
						&& this.tabs.stream().allMatch((tab) -> pendingWork(tab).isEmpty()));
		}
		catch (TimeoutError ex) {
			throw new AssertionError("%d open replies, and this is pending in the tabs: %s"
				.formatted(this.cluster.openReplies(), this.tabs.stream().map(this::describe).toList()), ex);
		}
	}

	private void repair(ChatPage tab) {
		if (!isLoaded(tab)) {
			tab.tab().reload();
		}
		// the button is hidden while the page is about to reconnect
		tab.find("#reconnect").evaluate("(button) => button.click()");
		tab.awaitConnected();
		if (tab.find("#everything:has-text('Stop')").count() > 0) {
			tab.click("#everything");
			tab.find("#everything:has-text('Everything')").waitFor();
		}
		if (tab.find("#slow[aria-pressed=true]").count() > 0) {
			tab.click("#slow");
		}
	}

	private String describe(ChatPage tab) {
		return "%n%s: %s; %s; online: %s; %d connections; console: %s".formatted(tab.tab().url(),
				tab.find("footer .connection").innerText(), pendingWork(tab), tab.tab().evaluate("navigator.onLine"),
				tab.webSockets().size(), tab.errors().stream().distinct().toList());
	}

	private boolean isServing() {
		try {
			return this.cluster.node(0).get("/").statusCode() == 200;
		}
		catch (Exception ex) {
			return false; // the server restarts within its process
		}
	}

	private boolean isLoaded(ChatPage tab) {
		return tab.find("#state:not([data-state=idle])").count() > 0;
	}

	/**
	 * Returns what is pending in the tab, or in the storage of its browser.
	 */
	private String pendingWork(ChatPage tab) {
		return (String) tab.tab().evaluate("""
				() => [
					...document.querySelectorAll('#state:not([data-state=open])'),
					...document.querySelectorAll('#messages [data-status=sending], #messages [data-status=running]'),
					...document.querySelectorAll('#conversations li:has(.unsent)'),
				].map((element) => element.textContent).concat(Object.entries(localStorage)
					.filter(([key, value]) => key.startsWith('resumable-ws') && JSON.parse(value)?.text).flat())
					.map((text) => text.slice(0, 120)).join('; ')""");
	}

	/**
	 * Returns the open tabs.
	 */
	List<ChatPage> tabs() {
		return this.tabs;
	}

	/**
	 * Returns all tabs, including closed ones.
	 */
	List<ChatPage> allTabs() {
		return Stream.concat(this.closed.stream(), this.tabs.stream()).toList();
	}

	/**
	 * Returns the typed messages by number.
	 */
	Map<Integer, String> typed() {
		return this.typed;
	}

	/**
	 * Returns how often each action was performed.
	 */
	Map<Action, Integer> done() {
		return this.done;
	}

	/**
	 * Returns how often each action was not possible.
	 */
	Map<Action, Integer> skipped() {
		return this.skipped;
	}

	/**
	 * An action of the visitor.
	 */
	enum Action {

		WAIT(20), SEND(30), STOP(5), WITHDRAW(5), SWITCH(12), NEW(6), RELOAD(5), OPEN_TAB(5), CLOSE_TAB(3), OFFLINE(3),
		TAB_OFFLINE(2), ONLINE(9), CUT(4), EXPIRE(2), SLOW(3), EVERYTHING(1), RESTART(1), TERMINATE(1), KILL(2);

		/**
		 * Relative frequency.
		 */
		private final int weight;

		Action(int weight) {
			this.weight = weight;
		}

		static Action choose(Random random) {
			int left = random.nextInt(Stream.of(values()).mapToInt((action) -> action.weight).sum());
			int chosen = 0;
			while (left >= values()[chosen].weight) {
				left -= values()[chosen++].weight;
			}
			return values()[chosen];
		}

	}

	/**
	 * A way to stop a process.
	 */
	private interface Stop {

		void apply(SampleProcess process) throws InterruptedException;

	}

}
