package com.example.chat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;

/**
 * Generates short tones in the format of realtime APIs: {@value #RATE} samples per second
 * of 16 bits, one channel, little-endian.
 */
final class Tone {

	static final int RATE = 24_000;

	private static final double[] SCALE = { 261.6, 293.7, 329.6, 392.0, 440.0, 523.3 };

	private static final int MILLIS = 50;

	private static final double VOLUME = 0.25;

	private Tone() {
	}

	/**
	 * Returns a tone for a word: the longer the word, the higher, and louder.
	 * @return the samples in Base64
	 */
	static String of(String word) {
		double frequency = SCALE[word.length() % SCALE.length];
		int samples = RATE * MILLIS / 1000;
		ByteBuffer buffer = ByteBuffer.allocate(Short.BYTES * samples).order(ByteOrder.LITTLE_ENDIAN);
		for (int i = 0; i < samples; i++) {
			// fades in and out, to avoid clicks
			double envelope = Math.sin(Math.PI * i / samples) * Math.min(1, word.length() / 8.0);
			buffer
				.putShort((short) (Short.MAX_VALUE * VOLUME * envelope * Math.sin(2 * Math.PI * frequency * i / RATE)));
		}
		return Base64.getEncoder().encodeToString(buffer.array());
	}

}
