// A scripted server, on Node's http and a minimal implementation of RFC 6455.

import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { until } from './support.js';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class FakeServer {

	connections = [];
	/** Number of attempts, including refused ones. */
	attempts = 0;
	/** Status with which clients are refused; 0 to accept them. */
	refuseWith = 0;
	/** Answers requests without an upgrade. */
	http = ({ url }, response) => response.writeHead(url.startsWith('/ws/') ? this.refuseWith || 404 : 400).end();
	#taken = 0;
	#sockets = new Set();
	#http = createServer((request, response) => this.http(request, response));

	static async start() {
		const server = new FakeServer();
		server.#http.on('upgrade', (request, socket) => server.#upgrade(request, socket));
		server.#http.on('connection', (socket) => server.#sockets.add(socket.on('error', () => {})));
		server.#http.listen(0, '127.0.0.1');
		await once(server.#http, 'listening');
		return server;
	}

	get url() {
		return `http://127.0.0.1:${this.#http.address().port}/ws`;
	}

	get open() {
		return this.connections.filter((connection) => !connection.ended).length;
	}

	/** Returns the next connection that no earlier call has returned. */
	async connection() {
		const index = this.#taken++;
		await until(() => this.connections.length > index, `connection ${index + 1}`);
		return this.connections[index];
	}

	stop() {
		this.#http.close();
		this.#sockets.forEach((socket) => socket.destroy());
	}

	#upgrade(request, socket) {
		this.attempts++;
		if (this.refuseWith) {
			socket.end(`HTTP/1.1 ${this.refuseWith} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
			return;
		}
		const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
		socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
			+ `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: resumable-ws.v1\r\n\r\n`);
		this.connections.push(new Connection(request, socket));
	}

}

class Connection {

	received = [];
	ended = false;
	closeCode;
	#socket;
	#buffer = Buffer.alloc(0);
	#stalled = false;

	constructor(request, socket) {
		this.#socket = socket;
		this.query = new URL(request.url, 'http://localhost').searchParams;
		this.protocols = request.headers['sec-websocket-protocol'].split(', ');
		socket.on('data', (bytes) => this.#read(bytes));
		socket.on('close', () => this.ended = true);
	}

	/** Sends session_init. */
	init(more = {}) {
		const session_id = this.query.get('sessionId') ?? randomUUID();
		this.send({
			type: 'session_init', session_id, resumed: this.query.has('sessionId'), last_event_id: 0, earliest_event_id: 1,
			heartbeat_ms: 25_000, connection_id: randomUUID(), protocol: 1, ...more,
		});
		return session_id;
	}

	/** Sends session_init, the events of the log, and replay_complete. */
	resume(events = [], more = {}) {
		const last_event_id = Math.max(Number(this.query.get('lastEventId')), ...events.map((event) => event.event_id));
		const session = this.init({ last_event_id, ...more });
		this.send(...events.map((event) => ({ ...event, replay: true })));
		this.send({ type: 'replay_complete', last_event_id, count: events.length });
		return session;
	}

	/** Sends messages, all in one frame. */
	send(...messages) {
		if (messages.length) {
			this.sendText(messages.map((message) => JSON.stringify(message)).join('\n'));
		}
	}

	sendText(text) {
		this.#write(TEXT, Buffer.from(text));
	}

	ack(message, event_id, more) {
		this.send({ type: 'ack', idempotency_key: message.idempotency_key, event_id, ...more });
	}

	refuse(message, code) {
		this.send({ type: 'error', code, message: `it is ${code}`, idempotency_key: message.idempotency_key });
	}

	/** The messages received so far, without pings. */
	get messages() {
		return this.received.filter((message) => message.type !== 'ping');
	}

	get pings() {
		return this.received.length - this.messages.length;
	}

	/** Waits for the n-th message that is not a ping, and returns it. */
	async message(n = 1) {
		await until(() => this.messages.length >= n, `message ${n} of the client`);
		return this.messages[n - 1];
	}

	async end() {
		await until(() => this.ended, 'the end of the connection');
	}

	close(code, reason = '') {
		const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
		payload.writeUInt16BE(code);
		payload.write(reason, 2);
		this.#write(CLOSE, payload);
		this.#socket.end();
	}

	/** Breaks the connection as a broken network would. */
	cut() {
		this.#socket.destroy();
	}

	/** Stops reading and answering, even a close. */
	stall() {
		this.#stalled = true;
	}

	#write(opcode, payload) {
		if (this.#socket.destroyed) {
			return;
		}
		const long = payload.length > 125;
		const head = Buffer.alloc(long ? 10 : 2);
		head[0] = 0x80 | opcode;
		head[1] = long ? 127 : payload.length;
		if (long) {
			head.writeBigUInt64BE(BigInt(payload.length), 2);
		}
		this.#socket.write(Buffer.concat([head, payload]));
	}

	#read(bytes) {
		if (this.#stalled) {
			return;
		}
		this.#buffer = Buffer.concat([this.#buffer, bytes]);
		for (let frame = this.#frame(); frame; frame = this.#frame()) {
			if (frame.opcode === TEXT) {
				this.#receive(JSON.parse(frame.payload));
			}
			else if (frame.opcode === PING) {
				this.#write(PONG, frame.payload);
			}
			else if (frame.opcode === CLOSE) {
				this.closeCode = frame.payload.length ? frame.payload.readUInt16BE() : 1005;
				this.#write(CLOSE, frame.payload);
				this.#socket.end();
			}
		}
	}

	/** Removes a frame from the buffer. Frames of clients are masked, and never fragmented here. */
	#frame() {
		const buffer = this.#buffer;
		const short = buffer[1] & 0x7f;
		const start = short === 127 ? 10 : short === 126 ? 4 : 2;
		if (buffer.length < start + 4) {
			return undefined;
		}
		const length = short === 127 ? Number(buffer.readBigUInt64BE(2)) : short === 126 ? buffer.readUInt16BE(2) : short;
		const end = start + 4 + length;
		if (buffer.length < end) {
			return undefined;
		}
		const payload = Buffer.from(buffer.subarray(start + 4, end));
		for (let i = 0; i < length; i++) {
			payload[i] ^= buffer[start + i % 4];
		}
		this.#buffer = buffer.subarray(end);
		return { opcode: buffer[0] & 0x0f, payload };
	}

	#receive(message) {
		this.received.push(message);
		if (message.type === 'ping') {
			this.send({ type: 'pong' });
		}
	}

}
