package dev.resumablews.faults;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

import dev.resumablews.testing.WsFrame;

/**
 * Random frames for one connection: messages in valid frames, and usually a last frame
 * that violates RFC 6455 or a limit of the server. Not thread-safe.
 */
final class RandomFrames {

	private static final int MESSAGES = 30;

	private static final int SIZE_LIMIT = 128 * 1024;

	private static final int[] CLOSE_CODES = { 0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009,
			1010, 1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 3000, 3999, 4000, 4401, 4999, 5000, 65535 };

	private static final byte[][] INVALID_UTF8 = { { (byte) 0xff }, { (byte) 0xc0, (byte) 0x80 },
			{ (byte) 0xed, (byte) 0xa0, (byte) 0x80 }, { (byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80 },
			{ (byte) 0xe2, (byte) 0x82 }, { (byte) 0x80 }, { '{', '"', (byte) 0xf0, (byte) 0x9f, (byte) 0x98 } };

	private final Random random;

	private final RandomJson json;

	private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

	private int count;

	/**
	 * Generates frames.
	 * @param random the source of randomness
	 * @param session the id of another user's session
	 */
	RandomFrames(Random random, String session) {
		this.random = random;
		this.json = new RandomJson(random, session);
		for (int i = random.nextInt(MESSAGES); i >= 0; i--) {
			message(this.json.message().getBytes(StandardCharsets.UTF_8));
		}
		if (random.nextInt(5) > 0) {
			violation();
		}
	}

	/**
	 * Returns messages that are answered, followed by a frame with an unknown opcode.
	 */
	static byte[] pingsAndUnknownFrame() {
		ByteArrayOutputStream frames = new ByteArrayOutputStream();
		WsFrame ping = new WsFrame(true, WsFrame.TEXT, "{\"type\":\"ping\"}".getBytes(StandardCharsets.US_ASCII));
		for (int i = 0; i < 20; i++) {
			frames.writeBytes(ping.masked());
		}
		frames.writeBytes(new WsFrame(true, 4, new byte[0]).masked());
		return frames.toByteArray();
	}

	byte[] bytes() {
		return this.bytes.toByteArray();
	}

	/**
	 * Returns the number of frames.
	 */
	int count() {
		return this.count;
	}

	private void message(byte[] text) {
		if (this.random.nextInt(5) > 0) {
			frame(true, 0, WsFrame.TEXT, text);
			return;
		}
		int pieces = 1 + this.random.nextInt(5);
		int start = 0;
		for (int i = 1; i <= pieces; i++) {
			// frames may split characters, and may be empty
			int end = (i == pieces) ? text.length : start + this.random.nextInt(text.length - start + 1);
			frame(i == pieces, 0, (i == 1) ? WsFrame.TEXT : WsFrame.CONTINUATION, Arrays.copyOfRange(text, start, end));
			start = end;
			if (i < pieces && this.random.nextBoolean()) {
				frame(true, 0, this.random.nextBoolean() ? WsFrame.PING : WsFrame.PONG,
						random(this.random.nextInt(126)));
			}
		}
	}

	private void violation() {
		byte[] text = this.json.message().getBytes(StandardCharsets.UTF_8);
		switch (this.random.nextInt(20)) {
			case 0 -> raw(random(1 + this.random.nextInt(200)));
			case 1 -> frame(true, 1 + this.random.nextInt(7), this.random.nextInt(16), text);
			case 2 -> frame(true, 0, 3 + this.random.nextInt(5) + 8 * this.random.nextInt(2), text);
			case 3 -> raw(ByteBuffer.allocate(4).put(new byte[] { (byte) 0x81, 2, '{', '}' }).array());
			case 4 -> head(WsFrame.TEXT, hugeLength());
			case 5 -> head(WsFrame.PING + this.random.nextInt(2), 126 + this.random.nextInt(70_000));
			case 6 -> frame(true, 0, WsFrame.CLOSE + this.random.nextInt(3), random(126 + this.random.nextInt(300)));
			case 7 -> frame(false, 0, WsFrame.CLOSE + this.random.nextInt(3), random(this.random.nextInt(126)));
			case 8 -> frame(this.random.nextBoolean(), 0, WsFrame.CONTINUATION, text);
			case 9 -> {
				frame(false, 0, WsFrame.TEXT, text);
				frame(this.random.nextBoolean(), 0, WsFrame.TEXT + this.random.nextInt(2), text);
			}
			case 10 -> frame(this.random.nextBoolean(), 0, WsFrame.BINARY, random(this.random.nextInt(1000)));
			case 11 -> invalidText();
			case 12, 13, 14 -> close();
			case 15 -> truncated(text);
			case 16 -> tooLong();
			case 17 -> unfinished();
			case 18 -> {
				for (int i = 0; i < 20; i++) {
					frame(true, 0, WsFrame.PING, random(125));
				}
			}
			default -> notMinimal(text);
		}
	}

	private void invalidText() {
		byte[] invalid = INVALID_UTF8[this.random.nextInt(INVALID_UTF8.length)];
		if (this.random.nextBoolean()) {
			frame(true, 0, WsFrame.TEXT, invalid);
			return;
		}
		frame(false, 0, WsFrame.TEXT, invalid);
		frame(true, 0, WsFrame.CONTINUATION, invalid);
	}

	private void close() {
		int code = CLOSE_CODES[this.random.nextInt(CLOSE_CODES.length)];
		byte[] reason = switch (this.random.nextInt(4)) {
			case 0 -> new byte[0];
			case 1 -> "x".repeat(this.random.nextInt(124)).getBytes(StandardCharsets.US_ASCII);
			case 2 -> INVALID_UTF8[this.random.nextInt(INVALID_UTF8.length)];
			default -> random(this.random.nextInt(124));
		};
		ByteBuffer payload = ByteBuffer.allocate(2 + reason.length).putShort((short) code).put(reason);
		frame(true, 0, WsFrame.CLOSE, (this.random.nextInt(6) == 0) ? random(this.random.nextInt(2)) : payload.array());
		for (int i = this.random.nextInt(3); i > 0; i--) {
			frame(true, 0, WsFrame.TEXT, "{\"type\":\"ping\"}".getBytes(StandardCharsets.US_ASCII));
		}
	}

	private void truncated(byte[] text) {
		byte[] whole = encoded(true, 0, WsFrame.TEXT, text, text.length, 0);
		raw(Arrays.copyOf(whole, 1 + this.random.nextInt(whole.length)));
	}

	private void tooLong() {
		int length = SIZE_LIMIT - 10 + this.random.nextInt(SIZE_LIMIT);
		byte[] text = ("{\"type\":\"ping\",\"x\":\"" + "x".repeat(length)).getBytes(StandardCharsets.US_ASCII);
		if (this.random.nextBoolean()) {
			frame(true, 0, WsFrame.TEXT, text);
		}
		else {
			frame(false, 0, WsFrame.TEXT, Arrays.copyOf(text, length / 2));
			frame(true, 0, WsFrame.CONTINUATION, Arrays.copyOfRange(text, length / 2, text.length));
		}
	}

	private void unfinished() {
		frame(false, 0, WsFrame.TEXT, new byte[0]);
		for (int i = this.random.nextInt(100); i > 0; i--) {
			frame(false, 0, WsFrame.CONTINUATION, random(this.random.nextInt(2)));
		}
	}

	/**
	 * Adds a frame whose length is encoded in more bytes than necessary.
	 */
	private void notMinimal(byte[] text) {
		byte[] shortText = Arrays.copyOf(text, Math.min(text.length, 100));
		raw(encoded(true, 0, WsFrame.TEXT, shortText, shortText.length, 126 + this.random.nextInt(2)));
	}

	private long hugeLength() {
		return switch (this.random.nextInt(5)) {
			case 0 -> Long.MAX_VALUE;
			case 1 -> -1;
			case 2 -> Integer.MAX_VALUE;
			case 3 -> Integer.MAX_VALUE + 1L;
			default -> this.random.nextLong();
		};
	}

	private void head(int opcode, long length) {
		ByteBuffer head = ByteBuffer.allocate(24).put((byte) (0x80 | opcode)).put((byte) 0xff).putLong(length);
		raw(head.put(random(14)).array());
	}

	private void frame(boolean fin, int reserved, int opcode, byte[] payload) {
		raw(encoded(fin, reserved, opcode, payload, payload.length, 0));
	}

	/**
	 * Encodes a masked frame.
	 * @param form 126 or 127 for an extended length, even if the length is shorter
	 */
	private byte[] encoded(boolean fin, int reserved, int opcode, byte[] payload, long length, int form) {
		ByteBuffer frame = ByteBuffer.allocate(payload.length + 14);
		frame.put((byte) ((fin ? 0x80 : 0) | reserved << 4 | opcode));
		if (form == 0 && length < 126) {
			frame.put((byte) (0x80 | length));
		}
		else if (form != 127 && length < 65536) {
			frame.put((byte) (0x80 | 126)).putShort((short) length);
		}
		else {
			frame.put((byte) (0x80 | 127)).putLong(length);
		}
		byte[] mask = random(4);
		frame.put(mask);
		for (int i = 0; i < payload.length; i++) {
			frame.put((byte) (payload[i] ^ mask[i % 4]));
		}
		return Arrays.copyOf(frame.array(), frame.position());
	}

	private byte[] random(int length) {
		byte[] random = new byte[length];
		this.random.nextBytes(random);
		return random;
	}

	private void raw(byte[] frame) {
		this.bytes.writeBytes(frame);
		this.count++;
	}

}
