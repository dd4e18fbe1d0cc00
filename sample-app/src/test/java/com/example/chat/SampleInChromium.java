package com.example.chat;

import java.nio.file.Path;
import java.util.UUID;

import com.microsoft.playwright.BrowserContext;
import dev.resumablews.testing.FreePorts;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * The packaged sample, and for each test a browser that has not been there before. Tests
 * are skipped where there is no Chromium.
 */
abstract class SampleInChromium {

	/**
	 * What the relay authenticates with to the upstream.
	 */
	static final String UPSTREAM_SECRET = "upstream-" + UUID.randomUUID();

	static Chromium chromium;

	static SampleCluster cluster;

	static String address;

	/**
	 * Lets pieces of the answers pass.
	 */
	final Gate gate = new Gate();

	BrowserContext browser;

	/**
	 * Starts the sample, on a port that stays the same when it is started again.
	 */
	@BeforeAll
	static void start(@TempDir Path folder) {
		if (!Chromium.isInstalled()) {
			System.out.println("Chromium: no test in a browser is run. " + Chromium.MISSING);
			return;
		}
		chromium = Chromium.start();
		cluster = SampleCluster.start(TestPostgres.createDatabase(), folder, 1, "--server.port=" + FreePorts.next(),
				"--chat.upstream.secret=" + UPSTREAM_SECRET, "--chat.stand-in.word-interval=30ms",
				"--resumable-ws.relay.realtime.lease=2s", "--resumable-ws.reply.lease=2s",
				"--resumable-ws.shutdown.reply-grace=300ms", "--resumable-ws.shutdown.reconnect-window=100ms");
		address = "http://localhost:" + cluster.node(0).port();
	}

	@AfterAll
	static void stop() {
		if (cluster != null) {
			cluster.close();
			cluster = null;
		}
		if (chromium != null) {
			chromium.close();
			chromium = null;
		}
	}

	@BeforeEach
	void openBrowser() {
		assumeTrue(Chromium.isInstalled(), Chromium.MISSING);
		this.browser = chromium.newBrowser(address);
	}

	@AfterEach
	void closeBrowser() {
		this.gate.open();
		if (this.browser != null) {
			this.browser.close();
		}
	}

	/**
	 * Says something, and waits until a part of the answer is shown. The rest comes when
	 * the gate is opened.
	 */
	final void answering(ChatPage page) {
		cluster.model().answer(OpenAiAnswer.ofPieces(60).pacedBy(this.gate));
		page.say("Please answer");
		this.gate.release(20);
		page.find(".message[data-status=running] .body p").waitFor();
	}

	/**
	 * Says something, and waits until it is answered.
	 */
	final void answered(ChatPage page, String answer) {
		cluster.model().answer(OpenAiAnswer.of(answer));
		page.say("Please answer");
		page.awaitAnswers(1, "done");
	}

}
