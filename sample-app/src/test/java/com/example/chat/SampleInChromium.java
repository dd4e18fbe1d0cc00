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
 * Base class of tests of the packaged sample in Chromium, with a new browser profile for
 * each test. Skipped if Chromium is not installed.
 */
abstract class SampleInChromium {

	/**
	 * The secret with which the relay authenticates to the upstream.
	 */
	static final String UPSTREAM_SECRET = "upstream-" + UUID.randomUUID();

	static Chromium chromium;

	static SampleCluster cluster;

	static String address;

	/**
	 * Releases pieces of the answers.
	 */
	final Gate gate = new Gate();

	BrowserContext browser;

	/**
	 * Starts the sample, on a port that it keeps when it is restarted.
	 */
	@BeforeAll
	static void start(@TempDir Path folder) {
		if (!Chromium.isInstalled()) {
			System.out.println("Chromium: all tests in a browser are skipped. " + Chromium.MISSING);
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
	 * Sends a message, and waits until a part of the answer is shown. The rest follows
	 * when the gate is opened.
	 */
	final void startAnswer(ChatPage page) {
		cluster.model().answer(OpenAiAnswer.ofPieces(60).pacedBy(this.gate));
		page.say("Please answer");
		this.gate.release(20);
		page.find(".message[data-status=running] .body p").waitFor();
	}

	/**
	 * Sends a message, and waits for the complete answer.
	 */
	final void completeAnswer(ChatPage page, String answer) {
		cluster.model().answer(OpenAiAnswer.of(answer));
		page.say("Please answer");
		page.awaitAnswers(1, "done");
	}

}
