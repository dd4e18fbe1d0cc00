// Server-sent events and long polling for networks that block WebSockets. client.js loads this file on demand.

/**
 * @typedef {import('./types.js').Transport} Transport
 * @typedef {import('./types.js').WebSocketClass} WebSocketClass
 * @typedef {import('./types.js').WebSocketLike} WebSocketLike
 * @typedef {[code: number, reason?: string]} Close
 * @typedef {import('./types.js').ResumableWebSocketOptions} Options
 */

const WEBSOCKET = 'websocket';
const FIRST_TIMEOUT = 5_000; // until session_init: a proxy that buffers a stream delivers none of it
const POLL_SECONDS = 25; // less than the time-outs of proxies
const POLL_INTERVAL = 500; // each poll counts as a handshake
const FRESH = 1_000; // a sign of life that makes a ping unnecessary
const POST_TIMEOUT = 25_000; // the server answers within 20 s
const POST_TRIES = 4;
const POST_DELAY = 250;
const MOST_POSTED = 20;
const REMEMBERED = 60_000; // four times as long each time nothing else works, so that the first transport is soon used again after a mere restart
const LONGEST_REMEMBERED = 1_800_000;

/** @type {Close} */
const LOST = [1006];
/** @type {Close} */
const SIGN_IN_REFUSED = [4401, 'sign_in_refused'];
/**
 * Close codes and their names, by HTTP status.
 * @type {Record<number, Close>}
 */
const REFUSALS = { 401: [4401, 'unauthorized'], 413: [1009, 'message_too_big'], 429: [4429, 'rate_limited'], 503: [1013, 'try_again_later'] };

/**
 * Returns the result of an action, or undefined if it throws: a storage may be forbidden or full.
 * @param {() => any} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// the result is undefined
	}
};

/** @type {(headers: Headers) => number | undefined} */
const retryAfter = (headers) => Number(headers.get('Retry-After')) * 1_000 || undefined;

/**
 * Parses a stream of server-sent events, which may arrive in arbitrary pieces.
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
 * A session over HTTP with the interface of a WebSocket. Receives messages from a stream of server-sent events or from successive polls, and sends messages
 * by POST, one request at a time.
 * @param {string} webSocketUrl
 * @param {string[]} protocols
 * @param {object} options
 * @param {boolean} options.polls
 * @param {number} options.timeout the longest time until the first message, in ms
 * @param {() => void} options.opened called when the transport works
 * @param {Close} options.missing the close code if the endpoint does not exist
 */
const httpSocket = (webSocketUrl, protocols, { polls, timeout, opened, missing }) => {
	const address = new URL(webSocketUrl.replace('ws', 'http'));
	const { searchParams } = address;
	searchParams.delete('frames');
	/** @type {Record<string, string>} */
	const authorization = {};
	let closed = false;
	let response = new AbortController();
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let watch; // limits a silence, or a pause between two polls
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let retry;
	/** @type {string | undefined} */
	let session;
	/** @type {string | undefined} */
	let knownEpoch;
	let replaying = true; // as the client sees it: each response begins with a replay
	/** @type {object[]} */
	const queue = [];
	let posting = false;
	let heard = 0; // time of the last message

	/** @type {(data: string) => void} */
	const send = (data) => {
		const message = JSON.parse(data);
		const { type, token, lastEventId, epoch } = message;
		if (type === 'auth') {
			authorize(token);
		}
		else if (type === 'resume') {
			replaying = true;
			set({ lastEventId, epoch });
			response.abort();
		}
		else if (type === 'ping' && performance.now() - heard < FRESH) {
			queueMicrotask(() => closed || deliver({ type: 'pong' }));
		}
		else {
			queue.push(message);
			flush();
		}
	};

	const close = () => {
		closed = true;
		response.abort();
		clearTimeout(watch);
		clearTimeout(retry);
	};

	/** @type {(code: number, reason?: string, retryAfter?: number) => void} */
	const end = (code, reason, retryAfter) => {
		if (!closed) {
			if (retryAfter) {
				deliver({ type: 'server_restarting', reconnect_after_ms: retryAfter });
			}
			close();
			socket.onclose({ code, reason });
		}
	};

	/** @type {(token: string | undefined) => void} */
	const authorize = (token) => {
		if (token) {
			authorization.Authorization = `Bearer ${token}`;
		}
	};

	/** @type {(parameters: Record<string, any>) => void} */
	const set = (parameters) => {
		for (const name in parameters) {
			searchParams.set(name, parameters[name] ?? '');
		}
	};

	/** @type {(path: string, headers: Record<string, string>, options: RequestInit) => Promise<Response>} */
	const request = (path, headers, options) => {
		const url = new URL(address);
		url.pathname = url.pathname.replace(/\/?$/, path);
		const authorized = authorization.Authorization || searchParams.has('token');
		return fetch(url, { cache: 'no-store', credentials: authorized ? 'same-origin' : 'include', headers: { ...authorization, ...headers }, ...options });
	};

	// ---- messages of the server

	const run = async () => {
		await undefined; // lets the creator of this object set its handlers
		socket.onopen?.({});
		while (!closed) {
			const next = replaying ? 0 : performance.now() + POLL_INTERVAL;
			response = new AbortController();
			const { signal } = response;
			const ended = await read(signal).catch(() => true);
			if (ended && !signal.aborted) {
				end(1006);
			}
			if (!closed) {
				clearTimeout(watch);
				await new Promise((resolve) => watch = setTimeout(resolve, next - performance.now()));
			}
		}
	};

	/**
	 * Reads a response.
	 * @type {(signal: AbortSignal) => Promise<boolean>} whether nothing follows
	 */
	const read = async (signal) => {
		// a proxy may hold a response back until it has ended
		const wait = replaying || !polls ? 0 : POLL_SECONDS;
		if (polls) {
			set({ wait });
		}
		// comments are also signs of life
		const listen = () => {
			clearTimeout(watch);
			watch = closed ? undefined : setTimeout(() => {
				socket.outcome ??= 'silent';
				end(1006, 'silent');
			}, timeout + wait * 1_000);
		};
		listen();
		const { ok, status, headers, body } = await request('/sse', { Accept: 'text/event-stream' }, { signal });
		if (!ok || !body || !headers.get('Content-Type')?.startsWith('text/event-stream')) {
			const refusal = REFUSALS[status];
			// the response of a proxy while the server is unavailable tells nothing about the transport
			socket.outcome = refusal ? 'refused' : status < 500 ? 'missing' : undefined;
			const [code, reason] = refusal ?? (status < 500 ? missing : LOST);
			end(code, reason, retryAfter(headers));
			return true;
		}
		const parse = parser((id, data) => signal.aborted || take(id, JSON.parse(data)));
		const reader = body.pipeThrough(new TextDecoderStream()).getReader();
		for (let piece = await reader.read(); !piece.done && !signal.aborted; piece = await reader.read()) {
			heard = performance.now();
			parse(piece.value);
			listen();
		}
		return !polls;
	};

	/** @type {(id: string | undefined, message: any) => void} */
	const take = (id, message) => {
		const { type, epoch } = message;
		if (id) {
			set({ lastEventId: id });
		}
		if (type === 'close') {
			end(message.code, message.reason);
			return;
		}
		if (type === 'session_init') {
			const first = !session;
			if (!first && !(message.resumed && message.session_id === session)) {
				end(1006); // the client asks for the reason
				return;
			}
			const sameEpoch = epoch === knownEpoch;
			session = message.session_id;
			knownEpoch = epoch;
			timeout = 2.5 * (message.heartbeat_ms ?? 25_000);
			set({ sessionId: session, epoch });
			if (!first) {
				if (!sameEpoch) {
					deliver({ type: 'session_epoch', epoch, rewind_to: message.rewind_to });
				}
				return;
			}
			socket.outcome = 'open';
			opened();
		}
		else if (type === 'session_epoch') {
			knownEpoch = epoch;
			set({ epoch });
		}
		else if (!replaying) {
			if (type === 'replay_complete') {
				return;
			}
			delete message.replay; // it arrived between two polls
		}
		replaying &&= type !== 'replay_complete';
		deliver(message);
	};

	/** @type {(message: object) => void} */
	const deliver = (message) => socket.onmessage({ data: JSON.stringify(message) });

	// ---- messages of the client

	const flush = async () => {
		if (!posting) {
			posting = true;
			while (queue.length && !closed) {
				await post(queue.splice(0, MOST_POSTED));
			}
			posting = false;
		}
	};

	/**
	 * Sends messages, and resends unanswered ones: their keys prevent them from being handled twice.
	 * @type {(messages: object[]) => Promise<void>}
	 */
	const post = async (messages) => {
		const body = JSON.stringify(messages.length > 1 ? messages : messages[0]);
		for (let tries = 1; !closed; tries++) {
			let [code, reason] = LOST;
			let delay = POST_DELAY * 2 ** tries * Math.random();
			try {
				const answer = await request('/messages', { 'Content-Type': 'application/json' }, { method: 'POST', body, signal: AbortSignal.timeout(POST_TIMEOUT) });
				const { ok, status } = answer;
				if (ok) {
					const answers = status === 204 ? [] : [await answer.json()].flat();
					answers.forEach((message) => !closed && message?.type && deliver(message));
					return;
				}
				[code, reason] = REFUSALS[status] ?? LOST;
				delay = retryAfter(answer.headers) ?? delay;
				if (status < 500 && status !== 408 && status !== 429) {
					tries = POST_TRIES;
				}
			}
			catch {
				// the network, or an answer that is not the server's
			}
			if (tries >= POST_TRIES) {
				end(code, reason);
			}
			else {
				await new Promise((resolve) => retry = setTimeout(resolve, delay));
			}
		}
	};

	/**
	 * `outcome`: `open` if it works, `refused` if the server refuses this client for now, `missing` if there is no such endpoint, `silent` if the response does not
	 * arrive.
	 * @type {any}
	 */
	const socket = { send, close };
	authorize(protocols.find((protocol) => protocol.startsWith('jwt-'))?.slice(4));
	run();
	return socket;
};

/**
 * Wraps a WebSocket whose failure means that the server has rejected the token, because the server answers requests and browsers hide the reason from scripts.
 * @param {WebSocketClass} WebSocket
 * @param {string} url
 * @param {string[]} protocols
 */
const refusable = (WebSocket, url, protocols) => {
	/** @type {any} */
	const socket = new WebSocket(url, protocols);
	/** @type {any} */
	const result = { send: (/** @type {string} */ data) => socket.send(data), close: () => socket.close() };
	let [code, reason] = SIGN_IN_REFUSED;
	socket.onopen = () => result.onopen?.({});
	socket.onmessage = (/** @type {any} */ event) => {
		[code, reason] = LOST;
		result.onmessage(event);
	};
	socket.onerror = socket.onclose = (/** @type {any} */ event) => result.onclose(event.code > 1006 ? event : { code, reason });
	return result;
};

/** @type {(connect: (url: string, protocols: string[]) => WebSocketLike) => WebSocketClass} */
const constructing = (connect) => /** @type {any} */ (function (/** @type {string} */ url, /** @type {string[]} */ protocols) {
	return connect(url, protocols);
});

/**
 * Chooses the transport of each attempt of a client, and remembers for a while which fallback worked.
 * @param {EventTarget & { transport: Transport }} client
 * @param {Options} options the options of the client
 * @param {any} storage
 * @param {string} prefix the prefix of the client's storage keys
 * @returns {(blocked:
 * any) => WebSocketClass} returns the class to connect with, given whether the last attempt failed although the endpoint answers requests
 */
export const fallback = (client, options, storage, prefix) => {
	const { transports = [WEBSOCKET, 'sse', 'longpoll'], WebSocket = globalThis.WebSocket, connectTimeout = 10_000 } = options;
	const key = `${prefix}http`;
	const timeout = Math.min(FIRST_TIMEOUT, connectTimeout / 2);
	let [stored, storedUntil = 0, span = REMEMBERED] = tried(() => [...JSON.parse(storage.getItem(key))]) ?? [];
	let at = Math.max(0, transports.indexOf(stored));
	let until = at && Math.min(storedUntil, Date.now() + LONGEST_REMEMBERED); // time at which the first one is tried again; 0: nothing is remembered
	let former = 0; // what was remembered before that
	let failures = 0; // consecutive failures of WebSockets although the endpoint answers
	/** @type {any} */
	let lost = {}; // the last failure
	/** @type {any} */
	let last; // socket; undefined: a WebSocket
	client.addEventListener('status', (/** @type {any} */ { detail }) => {
		if (detail.status === 'waiting') {
			lost = detail;
		}
		else if (detail.status === 'open' && !at) {
			former = 0;
			span = REMEMBERED;
		}
	});

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
			failures = 0; // the server was unavailable, or has responded
		}
		else if (!last && reason !== 'token_failed') {
			failures++;
		}
		if (failures > 1 || blocked && outcome === 'silent') {
			if (former) {
				span = Math.min(LONGEST_REMEMBERED, 4 * span);
			}
			go(former || (at + 1) % transports.length);
			former = 0;
		}
		else if (outcome === 'missing') {
			go(transports.indexOf(WEBSOCKET));
		}
		else if (outcome === 'refused' && !until) {
			go(0); // the server may have rejected the WebSocket for the same reason
			failures = code === 4401 ? 1 : 0;
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
		const opened = () => {
			if (explores) {
				until = Date.now() + span;
				tried(() => storage.setItem(key, JSON.stringify([transport, until, span])));
			}
		};
		last = undefined;
		if (transport === WEBSOCKET) {
			return failures > 1 ? constructing((url, protocols) => refusable(WebSocket, url, protocols)) : WebSocket;
		}
		failures = 0;
		const polls = transport === 'longpoll';
		// a server without another transport has most likely rejected the token
		const missing = explores ? SIGN_IN_REFUSED : LOST;
		return constructing((url, protocols) => last = httpSocket(url, protocols, { polls, timeout, opened, missing }));
	};
};
