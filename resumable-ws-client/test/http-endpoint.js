// Server-sent events, long polling and POST for a FakeServer: a log in memory that follows the protocol, behind a simulated proxy.

import { randomUUID } from 'node:crypto';
import { event, until } from './support.js';

export class HttpEndpoint {

	/** All requests except preflights: method, path, query, headers and body. */
	requests = [];
	/** The open responses. */
	streams = new Set();
	/** Status and headers with which requests are refused, by path. */
	refusals = {};
	/** Whether a proxy buffers each response until it has ended. */
	buffers = false;
	/** Whether the network drops all data. */
	stalled = false;
	/** Number of POST requests that are handled but whose response is lost. */
	loseAnswers = 0;
	heartbeat = 25_000;
	epoch = 'one';
	session = randomUUID();
	log = [];
	#keys = new Map();
	#lineEnd;

	/** @param {string} [lineEnd] line end of the streams */
	constructor(lineEnd = '\n') {
		this.#lineEnd = lineEnd;
		this.handle = this.handle.bind(this);
	}

	/** Returns the requests to a path. */
	gets(path = '/ws/sse') {
		return this.requests.filter((request) => request.path === path);
	}

	/** The messages that were sent, without pings but including repeated requests. */
	get posted() {
		return this.gets('/ws/messages').flatMap(({ body }) => body).filter(({ type }) => type !== 'ping');
	}

	/** Stores an event, and sends it to all streams. */
	publish(type, payload) {
		const stored = event(this.log.length + 1, type, payload);
		this.log.push(stored);
		this.broadcast(stored);
	}

	broadcast(message) {
		this.streams.forEach((stream) => stream.send(message));
	}

	/** Waits for a stream, and returns the latest one. */
	async stream() {
		await until(() => this.streams.size, 'a stream');
		return [...this.streams].at(-1);
	}

	async handle(request, response) {
		const { pathname: path, searchParams: query } = new URL(request.url, 'http://localhost');
		let text = '';
		for await (const piece of request.setEncoding('utf8')) {
			text += piece;
		}
		const body = text && [JSON.parse(text)].flat();
		this.requests.push({ method: request.method, path, query, headers: request.headers, body, time: performance.now() });
		await until(() => !this.stalled || request.destroyed && response.destroyed, 'the end of the silence');
		const [status, headers] = this.refusals[path] ?? [];
		if (status) {
			response.writeHead(status, headers).end('refused');
		}
		else if (path === '/ws/sse') {
			this.#stream(query, response);
		}
		else if (path === '/ws/messages' && request.method === 'POST') {
			this.#answer(query, body, text.startsWith('['), response);
		}
		else {
			response.writeHead(path === '/ws' ? 400 : 404).end();
		}
	}

	#stream(query, response) {
		const wait = query.get('wait');
		const stream = new Stream(response, this.#lineEnd, wait !== null, this.buffers);
		const requested = query.get('sessionId');
		const resumed = requested === this.session;
		const after = resumed ? Number(query.get('lastEventId')) : 0;
		const end = this.log.length;
		response.on('close', () => this.streams.delete(stream));
		stream.send({
			type: 'session_init', session_id: this.session, resumed, ...requested && !resumed && { reason: 'unknown_session' }, last_event_id: end, earliest_event_id: 1,
			heartbeat_ms: this.heartbeat, connection_id: randomUUID(), protocol: 1, epoch: this.epoch,
		});
		this.log.slice(after).forEach((event) => stream.send({ ...event, replay: true }));
		stream.send({ type: 'replay_complete', last_event_id: end, count: end - after });
		this.streams.add(stream);
		if (wait !== null && end > after) {
			stream.end();
		}
		else if (wait !== null) {
			setTimeout(() => stream.end(), Number(wait) * 1_000).unref();
		}
	}

	#answer(query, messages, several, response) {
		if (query.get('sessionId') !== this.session) {
			response.writeHead(404).end();
			return;
		}
		const answers = messages.map((message) => this.#handle(message));
		if (this.loseAnswers > 0) {
			this.loseAnswers--;
			response.destroy();
			return;
		}
		if (!several && !answers[0]) {
			response.writeHead(204).end();
			return;
		}
		response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(several ? answers : answers[0]));
	}

	#handle({ type, content, idempotency_key: key }) {
		if (type === 'ping') {
			return { type: 'pong' };
		}
		if (!key) {
			return null;
		}
		const known = this.#keys.get(key);
		if (known) {
			return { type: 'ack', idempotency_key: key, event_id: known, duplicate: true };
		}
		this.publish('user_message', { content, idempotency_key: key });
		this.#keys.set(key, this.log.length);
		return { type: 'ack', idempotency_key: key, event_id: this.log.length };
	}

}

class Stream {

	#response;
	#lineEnd;
	#polled;
	#held;

	constructor(response, lineEnd, polled, buffered) {
		this.#response = response;
		this.#lineEnd = lineEnd;
		this.#polled = polled;
		this.#held = buffered ? '' : undefined;
		if (!buffered) {
			this.#head();
		}
		this.write(['retry: 1000', '', '']);
	}

	send(message) {
		this.write([...message.payload && message.event_id ? [`id: ${message.event_id}`] : [], `data: ${JSON.stringify(message)}`, '', '']);
		if (this.#polled && !['session_init', 'replay_complete'].includes(message.type) && !message.replay) {
			this.end();
		}
	}

	comment() {
		this.write([':', '']);
	}

	/** Closes the stream with a close message. */
	close(code, reason) {
		this.send({ type: 'close', code, reason });
		this.end();
	}

	end() {
		if (this.#held !== undefined && !this.#response.headersSent) {
			this.#head();
			this.#response.write(this.#held);
		}
		this.#response.end();
	}

	/** Breaks the stream as a broken network would. */
	cut() {
		this.#response.destroy();
	}

	write(lines) {
		this.writeBytes(Buffer.from(lines.join(this.#lineEnd)));
	}

	writeBytes(bytes) {
		if (this.#held === undefined) {
			this.#response.write(bytes);
		}
		else {
			this.#held += bytes;
		}
	}

	#head() {
		this.#response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
		this.#response.flushHeaders();
	}

}
