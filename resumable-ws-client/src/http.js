// Server-sent events and long polling in the place of WebSockets, where a network blocks these. client.js loads this file when it needs it.

/**
 * @typedef {import('./types.js').Transport} Transport
 * @typedef {import('./types.js').WebSocketClass} WebSocketClass
 * @typedef {import('./types.js').WebSocketLike} WebSocketLike
 * @typedef {[code: number, reason?: string]} Close
 * @typedef {import('./types.js').ResumableWebSocketOptions} Options
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

/** @type {Close} */
const LOST = [1006];
/** @type {Close} */
const SIGN_IN_REFUSED = [4401, 'sign_in_refused'];
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
	#polls;
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
	 * @param {string} url as for a WebSocket
	 * @param {string[]} protocols
	 * @param {object} options
	 * @param {boolean} options.polls
	 * @param {number} options.timeout the longest time until the first message, in ms
	 * @param {() => void} options.opened called when it works
	 * @param {Close} options.missing what it means if there is no such endpoint
	 */
	constructor(url, protocols, { polls, timeout, opened, missing }) {
		this.#polls = polls;
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
			if (retryAfter) {
				this.#deliver({ type: 'server_restarting', reconnect_after_ms: retryAfter });
			}
			this.close();
			this.onclose?.({ code, reason });
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
			const next = this.#replaying ? 0 : performance.now() + POLL_INTERVAL;
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
		// a proxy may hold a response back until it has ended
		const wait = this.#replaying || !this.#polls ? 0 : POLL_SECONDS;
		if (this.#polls) {
			this.#set({ wait });
		}
		const listen = () => this.#listen(this.#timeout + wait * 1_000);
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
		return !this.#polls;
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
		const [code, reason] = refusal ?? (missing ? this.#missing : LOST);
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
			let [code, reason] = LOST;
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
				[code, reason] = REFUSALS[response.status] ?? LOST;
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
 * A WebSocket whose failure means that the server, which answers requests, has refused the token: a script is not told so.
 * @param {WebSocketClass} WebSocket
 * @returns {WebSocketClass}
 */
const refusable = (WebSocket) => class {

	/** @type {any} */
	onopen;
	/** @type {any} */
	onmessage;
	/** @type {any} */
	onclose;
	/** @type {any} */
	onerror;

	/**
	 * @param {string} url
	 * @param {string[]} protocols
	 */
	constructor(url, protocols) {
		/** @type {any} */
		const socket = new WebSocket(url, protocols);
		let [code, reason] = SIGN_IN_REFUSED;
		socket.onopen = () => this.onopen?.({});
		socket.onmessage = (/** @type {any} */ event) => {
			[code, reason] = LOST;
			this.onmessage(event);
		};
		socket.onerror = socket.onclose = (/** @type {any} */ event) => this.onclose(event.code > 1006 ? event : { code, reason });
		this.send = socket.send.bind(socket);
		this.close = () => socket.close();
	}

};

/**
 * Chooses the transport of each attempt of a client, and remembers for a while what worked in the place of the first one.
 * @param {EventTarget & { transport: Transport }} client
 * @param {Options} options those of the client
 * @param {any} storage
 * @param {string} prefix of the names of what the client stores
 * @returns {(blocked: any) => WebSocketClass} returns what to connect with, given whether the last attempt failed although the endpoint answers requests
 */
export const fallback = (client, options, storage, prefix) => {
	const { transports = [WEBSOCKET, 'sse', 'longpoll'], WebSocket = globalThis.WebSocket, connectTimeout = 10_000 } = options;
	const key = `${prefix}http`;
	const timeout = Math.min(FIRST_TIMEOUT, connectTimeout / 2);
	const [stored, storedUntil = 0] = tried(() => JSON.parse(storage.getItem(key))) ?? [];
	let at = Math.max(0, transports.indexOf(stored));
	let until = at && Math.min(storedUntil, Date.now() + REMEMBERED); // when the first one is tried again; 0: nothing is remembered
	let former = 0; // what was remembered before that
	let failures = 0; // of WebSockets in a row, although the endpoint answers
	/** @type {any} */
	let lost = {}; // the last failure
	/** @type {HttpSocket | undefined} */
	let last; // undefined: a WebSocket
	client.addEventListener('status', (/** @type {any} */ { detail }) => detail.status === 'waiting' && (lost = detail));

	/** @type {(next: number) => void} */
	const go = (next) => {
		at = Math.max(0, next);
		until = 0;
		tried(() => storage.removeItem(key));
	};

	/** @type {(blocked: boolean) => void} */
	const choose = (blocked) => {
		const { outcome } = last ?? {};
		const { code = 1006, reason } = lost;
		if (!last && !(blocked && code === 1006)) {
			failures = 0; // the server was away, or has spoken
		}
		else if (!last && reason !== 'token_failed') {
			failures++;
		}
		if (failures > 1 || blocked && outcome === 'silent') {
			go(former || (at + 1) % transports.length);
			former = 0;
		}
		else if (outcome === 'missing') {
			go(transports.indexOf(WEBSOCKET));
		}
		else if (outcome === 'refused' && !until) {
			go(0); // the server may have refused the WebSocket for the same reason
			failures = 1;
		}
		else if (until && Date.now() > until) {
			former = at;
			go(0);
			failures = 1;
		}
	};

	return (blocked) => {
		choose(!!blocked);
		const transport = client.transport = transports[at];
		const explores = at && !until;
		if (transport === WEBSOCKET) {
			last = undefined;
			return failures > 1 ? refusable(WebSocket) : WebSocket;
		}
		failures = 0;
		return class extends HttpSocket {

			/**
			 * @param {string} url
			 * @param {string[]} protocols
			 */
			constructor(url, protocols) {
				super(url, protocols, {
					polls: transport === 'longpoll',
					timeout,
					opened: () => {
						if (explores) {
							until = Date.now() + REMEMBERED;
							tried(() => storage.setItem(key, JSON.stringify([transport, until])));
						}
					},
					missing: explores ? SIGN_IN_REFUSED : LOST, // a server that has no other transport has most likely refused the token
				});
				last = this;
			}

		};
	};
};
