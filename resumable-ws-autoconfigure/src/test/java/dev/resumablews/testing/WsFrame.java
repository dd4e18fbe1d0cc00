package dev.resumablews.testing;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A WebSocket frame of RFC 6455, section 5.2.
 *
 * @param fin whether it ends a message
 * @param opcode the opcode
 * @param payload the payload, unmasked
 */
public record WsFrame(boolean fin, int opcode, byte[] payload) {

	/**
	 * Opcode of continuation frames.
	 */
	public static final int CONTINUATION = 0;

	/**
	 * Opcode of text frames.
	 */
	public static final int TEXT = 1;

	/**
	 * Opcode of binary frames.
	 */
	public static final int BINARY = 2;

	/**
	 * Opcode of close frames.
	 */
	public static final int CLOSE = 8;

	/**
	 * Opcode of pings.
	 */
	public static final int PING = 9;

	/**
	 * Opcode of pongs.
	 */
	public static final int PONG = 10;

	private static final int MAX_LENGTH = 64 * 1024 * 1024;

	/**
	 * Reads a frame from a server.
	 * @param in the stream
	 * @return the frame
	 * @throws InvalidFrameException if a server must not send such a frame
	 * @throws IOException if the stream ends
	 */
	public static WsFrame read(DataInputStream in) throws IOException {
		int first = in.readUnsignedByte();
		int second = in.readUnsignedByte();
		if ((first & 0x70) != 0 || (second & 0x80) != 0) {
			throw new InvalidFrameException(
					"A server must neither set reserved bits nor mask: " + first + ", " + second);
		}
		long length = second & 0x7f;
		if (length == 126) {
			length = in.readUnsignedShort();
		}
		else if (length == 127) {
			length = in.readLong();
		}
		if (length < 0 || length > MAX_LENGTH) {
			throw new InvalidFrameException("A frame of " + length + " bytes");
		}
		byte[] payload = new byte[(int) length];
		in.readFully(payload);
		return new WsFrame((first & 0x80) != 0, first & 0x0f, payload);
	}

	/**
	 * Reads a masked frame from a client.
	 * @param in the stream
	 * @return the frame
	 * @throws IOException if the stream ends
	 */
	static WsFrame readMasked(DataInputStream in) throws IOException {
		int first = in.readUnsignedByte();
		int second = in.readUnsignedByte();
		long length = second & 0x7f;
		if (length == 126) {
			length = in.readUnsignedShort();
		}
		else if (length == 127) {
			length = in.readLong();
		}
		if ((second & 0x80) == 0 || length < 0 || length > MAX_LENGTH) {
			throw new InvalidFrameException("A frame of %d bytes, mask bit %d".formatted(length, second >> 7));
		}
		byte[] mask = in.readNBytes(4);
		byte[] payload = new byte[(int) length];
		in.readFully(payload);
		for (int i = 0; i < payload.length; i++) {
			payload[i] ^= mask[i % 4];
		}
		return new WsFrame((first & 0x80) != 0, first & 0x0f, payload);
	}

	/**
	 * Returns this frame as sent by a server.
	 * @return the bytes of the frame
	 */
	byte[] unmasked() {
		byte[] head = head(this.fin, this.opcode, this.payload.length);
		head[1] &= 0x7f;
		return ByteBuffer.allocate(head.length + this.payload.length).put(head).put(this.payload).array();
	}

	/**
	 * Returns this frame as sent by a client, with a mask.
	 * @return the bytes of the frame
	 */
	public byte[] masked() {
		byte[] head = head(this.fin, this.opcode, this.payload.length);
		byte[] mask = new byte[4];
		ThreadLocalRandom.current().nextBytes(mask);
		ByteBuffer bytes = ByteBuffer.allocate(head.length + 4 + this.payload.length).put(head).put(mask);
		for (int i = 0; i < this.payload.length; i++) {
			bytes.put((byte) (this.payload[i] ^ mask[i % 4]));
		}
		return bytes.array();
	}

	/**
	 * Returns the head of a masked frame, without the masking key.
	 * @param fin whether the frame ends a message
	 * @param opcode the opcode
	 * @param length the length of the payload
	 * @return the bytes of the head
	 */
	static byte[] head(boolean fin, int opcode, long length) {
		ByteBuffer head = ByteBuffer.allocate(10).put((byte) ((fin ? 0x80 : 0) | opcode));
		if (length < 126) {
			head.put((byte) (0x80 | length));
		}
		else if (length < 65536) {
			head.put((byte) (0x80 | 126)).putShort((short) length);
		}
		else {
			head.put((byte) (0x80 | 127)).putLong(length);
		}
		byte[] bytes = new byte[head.position()];
		head.flip().get(bytes);
		return bytes;
	}

}
