package com.example.chat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import org.junit.jupiter.api.Assumptions;

/**
 * The Chromium that is installed on this machine, without a window. To be used by one
 * thread.
 */
final class Chromium implements AutoCloseable {

	/**
	 * System property that names the executable.
	 */
	private static final String PROPERTY = "chromium";

	private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome",
			"google-chrome-stable");

	private static final double PATIENCE = 60_000;

	private final Playwright playwright;

	private final Browser browser;

	private Chromium(Playwright playwright, Browser browser) {
		this.playwright = playwright;
		this.browser = browser;
	}

	/**
	 * Starts Chromium. Skips the test if there is none.
	 */
	static Chromium start() {
		Optional<Path> executable = find();
		Assumptions.assumeTrue(executable.isPresent(), "Chromium is not installed: there is none of " + NAMES
				+ " on the PATH, and the system property '" + PROPERTY + "' does not name it");
		Playwright playwright = Playwright
			.create(new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
		try {
			return new Chromium(playwright,
					playwright.chromium()
						.launch(new BrowserType.LaunchOptions().setExecutablePath(executable.get())
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
		String folders = System.getenv().getOrDefault("PATH", "");
		return NAMES.stream()
			.flatMap((name) -> Stream.of(folders.split(File.pathSeparator)).map((folder) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

	/**
	 * Opens a browser that knows nobody yet, and shares nothing with others.
	 * @param baseUrl the address of the sample
	 */
	BrowserContext newBrowser(String baseUrl) {
		return newBrowser(new Browser.NewContextOptions().setBaseURL(baseUrl));
	}

	BrowserContext newBrowser(Browser.NewContextOptions options) {
		BrowserContext context = this.browser
			.newContext(options.setPermissions(List.of("clipboard-read", "clipboard-write")));
		context.setDefaultTimeout(PATIENCE);
		// before any script of the page
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
