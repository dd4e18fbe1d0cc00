package com.example.chat;

import java.nio.file.Path;
import java.util.Locale;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Takes the pictures of the README: an answer whose connection was cut, in both themes,
 * on screens of three widths. Run by hand, see CONTRIBUTING; the system property {@code
 * pictures} sets the folder.
 */
class PagePictures {

	private static final Path TARGET = Path.of(System.getProperty("pictures", "../docs/images"));

	@ParameterizedTest
	@CsvSource({ "LIGHT, 1280, 820", "DARK, 1280, 820", "LIGHT, 390, 844", "DARK, 390, 844", "LIGHT, 320, 640",
			"DARK, 320, 640" })
	void anAnswerWhoseConnectionWasCut(ColorScheme theme, int width, int height, @TempDir Path folder) {
		try (SampleProcess sample = SampleProcess.start(folder,
				"--spring.datasource.url=" + TestPostgres.createDatabase(), "--chat.stand-in.word-interval=40ms");
				Chromium chromium = Chromium.start();
				BrowserContext browser = chromium
					.newBrowser(new Browser.NewContextOptions().setBaseURL("http://localhost:" + sample.port())
						.setViewportSize(width, height)
						.setColorScheme(theme))) {
			ChatPage page = ChatPage.open(browser, "/");
			page.find("#breakage").waitFor();
			if (theme == ColorScheme.DARK && width > 1000) {
				page.click("#show-events");
			}
			page.click("#suggestions button:first-child");
			page.awaitCharacters(150);
			page.click("#cut");
			page.awaitReconnects(1);
			page.find(".cut").waitFor();
			page.awaitCharacters(450);
			page.tab()
				.screenshot(new Page.ScreenshotOptions().setPath(
						TARGET.resolve("sample-%s-%d.png".formatted(theme.name().toLowerCase(Locale.ROOT), width))));
		}
	}

}
