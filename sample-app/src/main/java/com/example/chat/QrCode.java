package com.example.chat;

import java.util.Map;

import com.google.zxing.EncodeHintType;
import com.google.zxing.WriterException;
import com.google.zxing.qrcode.decoder.ErrorCorrectionLevel;
import com.google.zxing.qrcode.encoder.ByteMatrix;
import com.google.zxing.qrcode.encoder.Encoder;

/**
 * A QR code as the data of an SVG.
 *
 * @param size width and height in modules, without the margin of four modules that
 * readers need around it
 * @param path the dark modules as the data of an SVG path, one unit each
 */
record QrCode(int size, String path) {

	/**
	 * Creates the QR code of a text.
	 */
	static QrCode of(String text) {
		try {
			return of(Encoder.encode(text, ErrorCorrectionLevel.M, Map.of(EncodeHintType.CHARACTER_SET, "UTF-8"))
				.getMatrix());
		}
		catch (WriterException ex) {
			throw new IllegalArgumentException("Too long for a QR code", ex);
		}
	}

	private static QrCode of(ByteMatrix modules) {
		StringBuilder path = new StringBuilder();
		for (int y = 0; y < modules.getHeight(); y++) {
			for (int x = 0; x < modules.getWidth(); x++) {
				int start = x;
				while (x < modules.getWidth() && modules.get(x, y) == 1) {
					x++;
				}
				if (x > start) {
					path.append("M%d %dh%dv1h-%dz".formatted(start, y, x - start, x - start));
				}
			}
		}
		return new QrCode(modules.getWidth(), path.toString());
	}

}
