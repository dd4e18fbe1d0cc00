package dev.resumablews.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * One connection through {@link FaultyPostgres}. It collects the messages of the client
 * up to the one that Postgres answers, and thereby detects the ends of requests and
 * responses.
 */
final class PostgresLink {

	private static final int SSL_REQUEST = 80877103;

	private static final int GSS_REQUEST = 80877104;

	private static final int CANCEL_REQUEST = 80877102;

	private static final int CONNECT_MILLIS = 5000;

	private static final int DELAY_MILLIS = 200;

	private final FaultyPostgres proxy;

	private final Socket client;

	private final Socket server = new Socket();

	private final Map<String, String> statements = new HashMap<>();

	private final Map<String, String> portals = new HashMap<>();

	private final ByteArrayOutputStream request = new ByteArrayOutputStream();

	private @Nullable String sql;

	private boolean inTransaction;

	private String transaction = "";

	private volatile int pid;

	/**
	 * The fault for the next response; set before the request is sent.
	 */
	private volatile Fault responseFault = Fault.NONE;

	PostgresLink(FaultyPostgres proxy, Socket client) {
		this.proxy = proxy;
		this.client = client;
	}

	void connect(String host, int port) throws IOException {
		this.client.setTcpNoDelay(true);
		this.server.setTcpNoDelay(true);
		this.server.connect(new InetSocketAddress(host, port), CONNECT_MILLIS);
	}

	/**
	 * Resets the connection on both sides.
	 */
	void cut() {
		for (Socket socket : new Socket[] { this.client, this.server }) {
			try {
				socket.setSoLinger(true, 0);
			}
			catch (IOException ex) {
				// closed already
			}
			close(socket);
		}
		this.proxy.ended(this);
	}

	/**
	 * Forwards requests of the client until one side closes the connection.
	 */
	void requests() {
		try {
			DataInputStream in = new DataInputStream(new BufferedInputStream(this.client.getInputStream()));
			OutputStream out = this.server.getOutputStream();
			if (startUp(in, out)) {
				while (true) {
					request(in, out);
				}
			}
		}
		catch (IOException ex) {
			// closed by one side
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		finally {
			close();
		}
	}

	/**
	 * Forwards responses of Postgres until one side closes the connection.
	 */
	void responses() {
		try {
			DataInputStream in = new DataInputStream(new BufferedInputStream(this.server.getInputStream()));
			DataOutputStream out = new DataOutputStream(new BufferedOutputStream(this.client.getOutputStream()));
			while (true) {
				response(in, out);
			}
		}
		catch (IOException ex) {
			// closed by one side
		}
		finally {
			close();
		}
	}

	/**
	 * Forwards the start-up messages of an unencrypted connection.
	 * @return whether messages follow
	 */
	private boolean startUp(DataInputStream in, OutputStream out) throws IOException {
		while (true) {
			byte[] rest = new byte[in.readInt() - Integer.BYTES];
			in.readFully(rest);
			int code = ByteBuffer.wrap(rest).getInt();
			if (code == SSL_REQUEST || code == GSS_REQUEST) {
				this.client.getOutputStream().write('N');
				continue;
			}
			ByteBuffer message = ByteBuffer.allocate(Integer.BYTES + rest.length);
			out.write(message.putInt(Integer.BYTES + rest.length).put(rest).array());
			return code != CANCEL_REQUEST;
		}
	}

	private void request(DataInputStream in, OutputStream out) throws IOException, InterruptedException {
		int type = in.readUnsignedByte();
		byte[] body = new byte[in.readInt() - Integer.BYTES];
		in.readFully(body);
		this.request.write(type);
		this.request.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(Integer.BYTES + body.length).array());
		this.request.writeBytes(body);
		switch (type) {
			case 'P' -> this.statements.put(string(body, 0), string(body, string(body, 0).length() + 1));
			case 'B' -> this.portals.put(string(body, 0),
					this.statements.getOrDefault(string(body, string(body, 0).length() + 1), ""));
			case 'E' -> executes(this.portals.getOrDefault(string(body, 0), ""));
			case 'Q' -> executes(string(body, 0));
			default -> {
				// contains no statement
			}
		}
		if (type == 'S' || type == 'Q') {
			send(out);
		}
		else if (type != 'P' && type != 'B' && type != 'D' && type != 'E' && type != 'C') {
			forward(out);
		}
	}

	private void executes(String text) {
		String normalized = PostgresRequest.normalize(text);
		this.proxy.executes(normalized);
		if (normalized.toLowerCase(Locale.ROOT).startsWith("begin")) {
			this.inTransaction = true;
			this.transaction = "";
		}
		else {
			this.sql = normalized;
		}
	}

	private void send(OutputStream out) throws IOException, InterruptedException {
		String sql = this.sql;
		this.sql = null;
		if (sql == null || sql.isEmpty()) {
			forward(out);
			return;
		}
		PostgresRequest request = new PostgresRequest(sql, this.transaction);
		if (request.endsTransaction()) {
			this.inTransaction = false;
		}
		this.transaction = this.inTransaction ? sql : "";
		Fault fault = this.proxy.decide(request);
		switch (fault) {
			case DROP -> cut();
			case DELAY -> Thread.sleep(DELAY_MILLIS);
			case KILL -> this.proxy.kill(this.pid);
			default -> this.responseFault = fault;
		}
		forward(out);
	}

	private void forward(OutputStream out) throws IOException {
		out.write(this.request.toByteArray());
		this.request.reset();
	}

	private void response(DataInputStream in, DataOutputStream out) throws IOException {
		int type = in.readUnsignedByte();
		int length = in.readInt();
		byte[] body = new byte[length - Integer.BYTES];
		in.readFully(body);
		if (type == 'K') {
			this.pid = ByteBuffer.wrap(body).getInt();
		}
		if (this.responseFault == Fault.NONE) {
			out.writeByte(type);
			out.writeInt(length);
			out.write(body);
			if (in.available() == 0) {
				out.flush();
			}
		}
		else if (type == 'Z' && this.responseFault == Fault.DROP_ANSWER) {
			cut();
		}
	}

	private void close() {
		close(this.client);
		close(this.server);
		this.proxy.ended(this);
	}

	private static void close(Socket socket) {
		try {
			socket.close();
		}
		catch (IOException ex) {
			// closed already
		}
	}

	private static String string(byte[] body, int from) {
		int end = from;
		while (body[end] != 0) {
			end++;
		}
		return new String(body, from, end - from, StandardCharsets.UTF_8);
	}

}
