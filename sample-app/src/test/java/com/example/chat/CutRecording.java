package com.example.chat;

import java.nio.file.Files;
import java.nio.file.Path;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Records a cut in the middle of an answer for the README, in Chromium and with ffmpeg.
 * Run by hand, see CONTRIBUTING; the system property {@code recording} sets the target.
 */
class CutRecording {

	private static final Path TARGET = Path.of(System.getProperty("recording", "../docs/images/cut.gif"));

	private static final int MAX_BYTES = 2_000_000;

	@Test
	void aCutInTheMiddleOfAnAnswer(@TempDir Path folder) throws Exception {
		try (SampleProcess sample = SampleProcess.start(folder,
				"--spring.datasource.url=" + TestPostgres.createDatabase(), "--chat.stand-in.word-interval=50ms");
				Chromium chromium = Chromium.start();
				BrowserContext browser = chromium
					.newBrowser(new Browser.NewContextOptions().setBaseURL("http://localhost:" + sample.port())
						.setViewportSize(1000, 760))) {
			ChatPage page = ChatPage.open(browser, "/");
			page.find("#breakage").waitFor();
			Screencast screencast = Screencast.start(page.tab(), folder);
			page.click("#suggestions button:last-child");
			page.awaitCharacters(300);
			page.find("#cut").hover();
			page.awaitCharacters(400);
			page.click("#cut");
			page.awaitReconnects(1);
			page.find("#scroller").hover();
			page.awaitCharacters(900);
			screencast.saveTo(TARGET, 900, 10);
		}
		System.out.printf("Recording: %s, %d bytes%n", TARGET.toAbsolutePath().normalize(), Files.size(TARGET));
		assertThat(Files.size(TARGET)).isLessThan(MAX_BYTES);
	}

}
