package com.example.chat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import dev.resumablews.testing.Executables;

/**
 * The installed Chromium in headless mode. Not thread-safe.
 */
final class Chromium implements AutoCloseable {

	/**
	 * System property that names the executable.
	 */
	private static final String PROPERTY = "chromium";

	private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome",
			"google-chrome-stable");

	/**
	 * Explains why no test in a browser can run on this machine.
	 */
	static final String MISSING = "Chromium is not installed: none of " + NAMES
			+ " is on the PATH, and the system property '" + PROPERTY + "' is not set to its path";

	private static final double TIMEOUT = 60_000;

	private final Playwright playwright;

	private final Browser browser;

	private Chromium(Playwright playwright, Browser browser) {
		this.playwright = playwright;
		this.browser = browser;
	}

	/**
	 * Returns whether Chromium is installed.
	 */
	static boolean isInstalled() {
		return find().isPresent();
	}

	static Chromium start() {
		Path executable = find().orElseThrow(() -> new IllegalStateException(MISSING));
		Playwright playwright = Playwright
			.create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
		try {
			return new Chromium(playwright,
					playwright.chromium()
						.launch(new BrowserType.LaunchOptions().setExecutablePath(executable)
							.setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
									"--disable-background-networking", "--disable-component-update",
									"--disable-sync"))));
		}
		catch (RuntimeException | Error ex) {
			playwright.close();
			throw ex;
		}
	}

	private static Optional<Path> find() {
		String named = System.getProperty(PROPERTY);
		if (named != null) {
			return Optional.of(Path.of(named));
		}
		return Executables.find(NAMES.toArray(String[]::new));
	}

	/**
	 * Opens a browser with an empty profile.
	 * @param baseUrl the address of the sample
	 */
	BrowserContext newBrowser(String baseUrl) {
		return newBrowser(new Browser.NewContextOptions().setBaseURL(baseUrl));
	}

	BrowserContext newBrowser(Browser.NewContextOptions options) {
		BrowserContext context = this.browser
			.newContext(options.setPermissions(List.of("clipboard-read", "clipboard-write")));
		context.setDefaultTimeout(TIMEOUT);
		// runs before all scripts of the page
		context.addInitScript(
				"""
						window.violations = [];
						document.addEventListener('securitypolicyviolation',
								({ violatedDirective, blockedURI }) => window.violations.push(`${violatedDirective} ${blockedURI}`));
						""");
		return context;
	}

	@Override
	public void close() {
		this.browser.close();
		this.playwright.close();
	}

}
