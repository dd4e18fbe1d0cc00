package com.example.chat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import javax.imageio.ImageIO;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.Clip;
import com.microsoft.playwright.options.ForcedColors;
import com.microsoft.playwright.options.Media;
import com.microsoft.playwright.options.ReducedMotion;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the page with forced colours and in print.
 */
class AppearanceIT extends SampleInChromium {

	@Test
	void statesRemainVisibleWithForcedColours() throws IOException {
		ChatPage page = ChatPage.open(this.browser, "/");
		page.tab()
			.emulateMedia(new Page.EmulateMediaOptions().setForcedColors(ForcedColors.ACTIVE)
				.setReducedMotion(ReducedMotion.REDUCE));
		startAnswer(page);
		page.find("#conversations [aria-current]").waitFor();

		assertThat(colours(page, edge("const box = find('.message[data-role=user] .body')"))).as("edge of a message")
			.isGreaterThan(1);
		assertThat(colours(page, edge("const box = find('#conversations [aria-current]')")))
			.as("edge of the open conversation")
			.isGreaterThan(1);
		assertThat(colours(page, "() => { const box = find('#state'); return [box.x, box.y + 2, 7, box.height - 4]; }"))
			.as("connection indicator")
			.isGreaterThan(1);
		assertThat(colours(page, """
				() => {
					const range = document.createRange();
					range.selectNodeContents(document.querySelector('.message[data-status=running] .body p'));
					const last = [...range.getClientRects()].at(-1);
					return [last.right, last.y, 10, last.height];
				}""")).as("caret after the last word").isGreaterThan(1);
		page.find("#title").click();
		byte[] blurred = page.find(".composer").screenshot();
		page.find("#input").focus();
		assertThat(page.find(".composer").screenshot()).as("focus indicator of the field").isNotEqualTo(blurred);
	}

	@Test
	void theWholeConversationIsPrinted() {
		ChatPage page = ChatPage.open(this.browser, "/");
		completeAnswer(page,
				IntStream.range(0, 120).mapToObj((i) -> "Paragraph " + i).collect(Collectors.joining("\n\n")));
		byte[] pdf = page.tab().pdf(new Page.PdfOptions().setFormat("A4"));

		long pages = Pattern.compile("/Type\\s*/Page\\b")
			.matcher(new String(pdf, StandardCharsets.ISO_8859_1))
			.results()
			.count();
		assertThat(pages).isBetween(4L, 8L);
		page.tab().emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
		assertThat(page.find("#messages").isVisible()).isTrue();
		assertThat(page.find("#title").isVisible()).isTrue();
		for (String control : new String[] { "#list", "#input", "#cut", "#state", "#show-events", ".copy >> nth=0" }) {
			assertThat(page.find(control).isVisible()).as(control).isFalse();
		}
	}

	private static String edge(String box) {
		return "() => { " + box + "; return [box.x - 1, box.y + box.height / 2, 6, 1]; }";
	}

	/**
	 * Returns the number of colours in a part of the window.
	 */
	private static long colours(ChatPage page, String clip) throws IOException {
		page.tab()
			.evaluate(
					"() => { window.find = (selector) => document.querySelector(selector).getBoundingClientRect(); }");
		double[] part = ((List<?>) page.tab().evaluate(clip)).stream()
			.mapToDouble((value) -> ((Number) value).doubleValue())
			.toArray();
		BufferedImage image = ImageIO.read(new ByteArrayInputStream(page.tab()
			.screenshot(new Page.ScreenshotOptions().setClip(new Clip(part[0], part[1], part[2], part[3])))));
		return IntStream.range(0, image.getWidth() * image.getHeight())
			.map((i) -> image.getRGB(i % image.getWidth(), i / image.getWidth()))
			.distinct()
			.count();
	}

}
