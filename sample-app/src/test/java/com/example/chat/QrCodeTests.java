package com.example.chat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class QrCodeTests {

	private static final Pattern RUN = Pattern.compile("M(\\d+) (\\d+)h(\\d+)v1h-(\\d+)z");

	private static final int MARGIN = 4;

	private static final int SCALE = 4;

	@Test
	void aReaderDecodesTheLink() throws Exception {
		String link = "http://192.168.178.120:8080/#/join/Xk3vJ9w-0_aBcDeFgHiJkL";

		assertThat(QrReader.read(draw(QrCode.of(link)))).isEqualTo(link);
	}

	@Test
	void aTextThatDoesNotFitIsRejected() {
		assertThatIllegalArgumentException().isThrownBy(() -> QrCode.of("x".repeat(5000)));
	}

	private static BufferedImage draw(QrCode code) {
		int size = (code.size() + 2 * MARGIN) * SCALE;
		BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
		Graphics2D canvas = image.createGraphics();
		canvas.setColor(Color.WHITE);
		canvas.fillRect(0, 0, size, size);
		canvas.setColor(Color.BLACK);
		canvas.scale(SCALE, SCALE);
		canvas.translate(MARGIN, MARGIN);
		Matcher run = RUN.matcher(code.path());
		while (run.find()) {
			assertThat(run.group(3)).isEqualTo(run.group(4));
			canvas.fillRect(Integer.parseInt(run.group(1)), Integer.parseInt(run.group(2)),
					Integer.parseInt(run.group(3)), 1);
		}
		canvas.dispose();
		return image;
	}

}
