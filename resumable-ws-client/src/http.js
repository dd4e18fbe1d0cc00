// Server-sent events and long polling in the place of WebSockets, where a network blocks these. client.js loads this file when it needs it.

/**
 * @typedef {import('./types.js').Transport} Transport
 * @typedef {import('./types.js').WebSocketClass} WebSocketClass
 * @typedef {import('./types.js').WebSocketLike} WebSocketLike
 * @typedef {[code: number, reason?: string]} Close
 * @typedef {{ transports: Transport[], WebSocket: WebSocketClass, connectTimeout: number }} Options
 */

const WEBSOCKET = 'websocket';
const FIRST_TIMEOUT = 5_000; // to session_init: a proxy that buffers a stream delivers nothing of it
const POLL_SECONDS = 25; // less than what proxies wait for an answer
const POLL_INTERVAL = 500; // each poll counts as a handshake
const FRESH = 1_000; // a sign of life that makes a ping unnecessary
const POST_TIMEOUT = 25_000; // the server answers within 20 s
const POST_TRIES = 4;
const POST_DELAY = 250;
const MOST_POSTED = 20;
const REMEMBERED = 1_800_000;

/**
 * What a refusal is for the client: a close code and its name.
 * @type {Record<number, Close>}
 */
const REFUSALS = { 401: [4401, 'unauthorized'], 413: [1009, 'message_too_big'], 429: [4429, 'rate_limited'], 503: [1013, 'try_again_later'] };

/**
 * What an action returns, if it can: a storage may be forbidden or full.
 * @param {() => any} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// undefined says it
	}
};

/** @type {(response: Response) => number | undefined} */
const retryAfter = ({ headers }) => Number(headers.get('Retry-After')) * 1_000 || undefined;

/**
 * Splits a stream into the fields of server-sent events, which arrive in any pieces.
 * @param {(id: string | undefined, data: string) => void} take
 */
export const parser = (take) => {
	let rest = '';
	let afterReturn = false;
	/** @type {string[]} */
	let data = [];
	/** @type {string | undefined} */
	let id;
	/** @param {string} line */
	const read = (line) => {
		const [, name, value] = /** @type {RegExpMatchArray} */ (line.match(/^([^:]*):? ?(.*)$/s));
		if (name === 'data') {
			data.push(value);
		}
		else if (name === 'id') {
			id = value;
		}
		else if (!line && data[0]) {
			take(id, data.join('\n'));
		}
		if (!line) {
			data = [];
			id = undefined;
		}
	};
	return (/** @type {string} */ text) => {
		// a line may end with \r, \n or both, and a piece between these
		const lines = (rest + (afterReturn ? text.replace(/^\n/, '') : text)).split(/\r\n?|\n/);
		afterReturn = text.endsWith('\r');
		rest = /** @type {string} */ (lines.pop());
		lines.forEach(read);
	};
};

/**
 * A session over HTTP. It has the interface of a WebSocket: messages come from a stream of server-sent events, or from one poll after the other, and are sent by
 * POST, one request at a time.
 * @implements {WebSocketLike}
 */
export class HttpSocket {

	/** @type {WebSocketLike['onmessage']} */
	onmessage = null;
	/** @type {WebSocketLike['onerror']} */
	onerror = null;
	/** @type {WebSocketLike['onclose']} */
	onclose = null;
	/** @type {((event: any) => void) | null} */
	onopen = null;
	/**
	 * What became of it: it works; the server refuses this client for now; there is no such endpoint; the response does not arrive.
	 * @type {'open' | 'refused' | 'missing' | 'silent' | undefined}
	 */
	outcome;

	/** @type {Record<string, string>} */
	#headers = {};
	#url;
	#opened;
	#missing;
	#closed = false;
	#response = new AbortController();
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#watch; // for the end of a silence, or of a pause between two polls
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#retry;
	#timeout; // the longest silence
	/** @type {string | undefined} */
	#session;
	/** @type {string | undefined} */
	#epoch;
	#replaying = true; // as the client sees it: each response begins with a replay of its own
	/** @type {object[]} */
	#queue = [];
	#posting = false;
	#heard = 0; // when something came last

	/**
	 * @param {Transport} transport
	 * @param {string} url as for a WebSocket
	 * @param {string[]} protocols
	 * @param {object} [options]
	 * @param {number} [options.timeout] the longest time until the first message, in ms
	 * @param {() => void} [options.opened] called when it works
	 * @param {Close} [options.missing] what it means if there is no such endpoint
	 */
	constructor(transport, url, protocols, { timeout = FIRST_TIMEOUT, opened, missing = [1006] } = {}) {
		this.transport = transport;
		this.#url = new URL(url.replace('ws', 'http'));
		this.#url.searchParams.delete('frames');
		this.#timeout = timeout;
		this.#opened = opened;
		this.#missing = missing;
		this.#authorize(protocols.find((protocol) => protocol.startsWith('jwt-'))?.slice(4));
		this.#run();
	}

	/** @param {string} data */
	send(data) {
		const message = JSON.parse(data);
		const { type, token, lastEventId, epoch } = message;
		if (type === 'auth') {
			this.#authorize(token);
		}
		else if (type === 'resume') {
			this.#replaying = true;
			this.#set({ lastEventId, epoch });
			this.#response.abort();
		}
		else if (type === 'ping' && performance.now() - this.#heard < FRESH) {
			queueMicrotask(() => this.#closed || this.#deliver({ type: 'pong' }));
		}
		else {
			this.#queue.push(message);
			this.#flush();
		}
	}

	close() {
		this.#closed = true;
		this.#response.abort();
		clearTimeout(this.#watch);
		clearTimeout(this.#retry);
	}

	/**
	 * @param {number} code
	 * @param {string} [reason]
	 * @param {number} [retryAfter]
	 */
	#end(code, reason, retryAfter) {
		if (!this.#closed) {
			this.close();
			this.onclose?.({ code, reason, retryAfter });
		}
	}

	/** @param {string | undefined} token */
	#authorize(token) {
		if (token) {
			this.#headers.Authorization = `Bearer ${token}`;
		}
	}

	/** @param {Record<string, any>} parameters */
	#set(parameters) {
		for (const name in parameters) {
			this.#url.searchParams.set(name, parameters[name] ?? '');
		}
	}

	/**
	 * @param {string} path
	 * @param {RequestInit} options
	 */
	#fetch(path, { headers, ...options }) {
		const url = new URL(this.#url);
		url.pathname = url.pathname.replace(/\/?$/, path);
		const authorized = this.#headers.Authorization || url.searchParams.has('token');
		return fetch(url, { cache: 'no-store', credentials: authorized ? 'same-origin' : 'include', headers: { ...this.#headers, ...headers }, ...options });
	}

	// ---- what the server says

	async #run() {
		await undefined; // those who have just made this object set its handlers
		this.onopen?.({});
		while (!this.#closed) {
			const next = performance.now() + POLL_INTERVAL;
			const { signal } = this.#response = new AbortController();
			const ended = await this.#read(signal).catch(() => true);
			if (ended && !signal.aborted) {
				this.#end(1006);
			}
			if (!this.#closed) {
				clearTimeout(this.#watch);
				await new Promise((resolve) => this.#watch = setTimeout(resolve, next - performance.now()));
			}
		}
	}

	/**
	 * @param {AbortSignal} signal
	 * @returns whether nothing follows
	 */
	async #read(signal) {
		const polls = this.transport === 'longpoll';
		// a proxy may hold a response back until it has ended
		const wait = this.#replaying ? 0 : POLL_SECONDS;
		if (polls) {
			this.#set({ wait });
		}
		const listen = () => this.#listen(this.#timeout + (polls ? wait * 1_000 : 0));
		listen();
		const response = await this.#fetch('/sse', { headers: { Accept: 'text/event-stream' }, signal });
		if (!response.ok || !response.body || !response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
			this.#refuse(response);
			return true;
		}
		const parse = parser((id, data) => signal.aborted || this.#take(id, data));
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		for (let piece = await reader.read(); !piece.done && !signal.aborted; piece = await reader.read()) {
			this.#heard = performance.now();
			parse(piece.value);
			listen();
		}
		return !polls;
	}

	/**
	 * Ends the connection if nothing is heard in time: comments are signs of life, too.
	 * @param {number} patience
	 */
	#listen(patience) {
		clearTimeout(this.#watch);
		this.#watch = this.#closed ? undefined : setTimeout(() => {
			this.outcome ??= 'silent';
			this.#end(1006, 'silent');
		}, patience);
	}

	/** @param {Response} response */
	#refuse(response) {
		const { status } = response;
		const refusal = REFUSALS[status];
		// what a proxy says while the server is away says nothing about the transport
		const missing = !refusal && status < 500;
		this.outcome = refusal ? 'refused' : missing ? 'missing' : undefined;
		const [code, reason] = refusal ?? (missing ? this.#missing : [1006]);
		this.#end(code, reason, retryAfter(response));
	}

	/**
	 * @param {string | undefined} id
	 * @param {string} data
	 */
	#take(id, data) {
		const message = JSON.parse(data);
		const { type, code, reason, session_id: session, resumed, epoch, rewind_to, heartbeat_ms: heartbeat = 25_000 } = message;
		if (id) {
			this.#set({ lastEventId: id });
		}
		if (type === 'close') {
			this.#end(code, reason);
			return;
		}
		if (type === 'session_init') {
			const first = !this.#session;
			if (!first && !(resumed && session === this.#session)) {
				this.#end(1006); // the client asks, and learns why
				return;
			}
			const sameEpoch = epoch === this.#epoch;
			this.#session = session;
			this.#epoch = epoch;
			this.#timeout = 2.5 * heartbeat;
			this.#set({ sessionId: session, epoch });
			if (!first) {
				if (!sameEpoch) {
					this.#deliver({ type: 'session_epoch', epoch, rewind_to });
				}
				return;
			}
			this.outcome = 'open';
			this.#opened?.();
		}
		else if (type === 'session_epoch') {
			this.#epoch = epoch;
			this.#set({ epoch });
		}
		else if (!this.#replaying) {
			if (type === 'replay_complete') {
				return;
			}
			delete message.replay; // it came between two polls
		}
		this.#replaying &&= type !== 'replay_complete';
		this.#deliver(message);
	}

	/** @param {object} message */
	#deliver(message) {
		this.onmessage?.({ data: JSON.stringify(message) });
	}

	// ---- what the client says

	async #flush() {
		if (!this.#posting) {
			this.#posting = true;
			while (this.#queue.length && !this.#closed) {
				await this.#post(this.#queue.splice(0, MOST_POSTED));
			}
			this.#posting = false;
		}
	}

	/**
	 * Sends messages, and again what was not answered: their keys keep them from being handled twice.
	 * @param {object[]} messages
	 */
	async #post(messages) {
		const body = JSON.stringify(messages.length > 1 ? messages : messages[0]);
		for (let tries = 1; !this.#closed; tries++) {
			let [code, reason] = /** @type {Close} */ ([1006]);
			let delay = POST_DELAY * 2 ** tries * Math.random();
			try {
				const response = await this.#fetch('/messages', {
					method: 'POST', body, headers: { 'Content-Type': 'application/json' }, signal: AbortSignal.timeout(POST_TIMEOUT),
				});
				if (response.ok) {
					const answers = response.status === 204 ? [] : [await response.json()].flat();
					answers.forEach((answer) => !this.#closed && answer?.type && this.#deliver(answer));
					return;
				}
				[code, reason] = REFUSALS[response.status] ?? [code];
				delay = retryAfter(response) ?? delay;
				if (response.status < 500 && ![408, 429].includes(response.status)) {
					tries = POST_TRIES;
				}
			}
			catch {
				// the network, or an answer that is not the server's
			}
			if (tries >= POST_TRIES) {
				this.#end(code, reason);
			}
			else {
				await new Promise((resolve) => this.#retry = setTimeout(resolve, delay));
			}
		}
	}

}

/**
 * Chooses the transport of each attempt of a client, and remembers for a while what worked in the place of the first one.
 */
export class Transports {

	#transports;
	#WebSocket;
	#timeout;
	#storage;
	#key = '';
	/** @type {HttpSocket | undefined} */
	#last; // undefined: a WebSocket
	#at = 0; // of transports
	#until = 0; // when the first one is tried again; 0: nothing is remembered
	#former = 0; // what was remembered before that
	#failures = 0; // of WebSockets in a row, although the endpoint answers

	/**
	 * @param {Options} options
	 * @param {any} storage
	 */
	constructor({ transports, WebSocket, connectTimeout }, storage) {
		this.#transports = transports;
		this.#WebSocket = WebSocket;
		this.#timeout = Math.min(FIRST_TIMEOUT, connectTimeout / 2);
		this.#storage = storage;
	}

	/**
	 * @param {string} url
	 * @param {string[]} protocols
	 * @param {boolean} blocked whether the last attempt failed, and the endpoint answers requests
	 * @returns {WebSocketLike}
	 */
	connect(url, protocols, blocked) {
		if (!this.#key) {
			this.#recall(`resumable-ws transport ${new URL(url).host}`);
		}
		this.#choose(blocked);
		const transport = this.#transports[this.#at];
		if (transport === WEBSOCKET) {
			this.#last = undefined;
			return new this.#WebSocket(url, protocols);
		}
		const explores = this.#at && !this.#until;
		return this.#last = new HttpSocket(transport, url, protocols, {
			timeout: this.#timeout,
			opened: () => explores && this.#remember(transport, Date.now() + REMEMBERED),
			// if the server has no other transport, it has most likely refused the token
			missing: explores ? [4401, 'sign_in_refused'] : [1006],
		});
	}

	/** @param {boolean} blocked */
	#choose(blocked) {
		const { outcome } = this.#last ?? {};
		this.#failures = blocked && !this.#last ? this.#failures + 1 : 0;
		if (this.#failures > 1 || blocked && outcome === 'silent') {
			this.#go(this.#former || (this.#at + 1) % this.#transports.length);
			this.#former = 0;
		}
		else if (outcome === 'missing') {
			this.#go(this.#transports.indexOf(WEBSOCKET));
		}
		else if (outcome === 'refused' && !this.#until) {
			// a server that is there may have refused the WebSocket for the same reason
			this.#go(0);
			this.#failures = 1;
		}
		else if (this.#until && Date.now() > this.#until) {
			this.#former = this.#at;
			this.#go(0);
			this.#failures = 1;
		}
	}

	/** @param {number} at */
	#go(at) {
		this.#at = Math.max(0, at);
		this.#until = 0;
		tried(() => this.#storage.removeItem(this.#key));
	}

	/** @param {string} key */
	#recall(key) {
		this.#key = key;
		const [transport, until = 0] = tried(() => JSON.parse(this.#storage.getItem(key))) ?? [];
		this.#at = Math.max(0, this.#transports.indexOf(transport));
		this.#until = this.#at && Math.min(until, Date.now() + REMEMBERED);
	}

	/**
	 * @param {Transport} transport
	 * @param {number} until
	 */
	#remember(transport, until) {
		this.#until = until;
		tried(() => this.#storage.setItem(this.#key, JSON.stringify([transport, until])));
	}

}
