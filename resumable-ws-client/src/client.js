// The browser client of resumable-ws. Its types are in types.d.ts, its protocol in docs/protocol.md.

/**
 * @import { ClientError, ClientEvents, Entry, RunningReply, Stored, TypedEventTarget } from './types.js'
 * @typedef {import('./types.js').Acknowledged} Acknowledged
 * @typedef {import('./types.js').ClientMessage} ClientMessage
 * @typedef {import('./types.js').ClientStorage} ClientStorage
 * @typedef {import('./types.js').GoneDetail} GoneDetail
 * @typedef {import('./types.js').OpenDetail} OpenDetail
 * @typedef {import('./types.js').PresenceDetail} PresenceDetail
 * @typedef {import('./types.js').Reply} Reply
 * @typedef {import('./types.js').ReplyEvents} ReplyEvents
 * @typedef {import('./types.js').ResumableWebSocketEvents} ResumableWebSocketEvents
 * @typedef {import('./types.js').ResumableWebSocketOptions} ResumableWebSocketOptions
 * @typedef {import('./types.js').RewindDetail} RewindDetail
 * @typedef {import('./types.js').ServerMessage} ServerMessage
 * @typedef {import('./types.js').StandardEvents} StandardEvents
 * @typedef {import('./types.js').Status} Status
 * @typedef {import('./types.js').StatusDetail} StatusDetail
 * @typedef {import('./types.js').TokenRequest} TokenRequest
 * @typedef {import('./types.js').Transport} Transport
 * @typedef {import('./types.js').UrlSource} UrlSource
 * @typedef {import('./types.js').WaitingMessage} WaitingMessage
 * @typedef {import('./types.js').WebSocketClass} WebSocketClass
 * @typedef {import('./types.js').WebSocketLike} WebSocketLike
 */
/**
 * @template [P=any]
 * @typedef {import('./types.js').SessionEvent<P>} SessionEvent
 */
/**
 * @template [P=any]
 * @typedef {import('./types.js').EphemeralEvent<P>} EphemeralEvent
 */

// An option and its value. Times are below the limit of setTimeout.
const OPTION = /^(tokenIn: (subprotocol|query|message)|transports: (websocket|sse|longpoll|,)+|storage: (session|local|memory|\[.*)|resume: (session|cursor)|(minDelay|maxDelay|minUptime|connectTimeout|maxOutbox|lastEventId): \d{1,9}|(sessionId|epoch|name|getToken|ndjson|presence|WebSocket|debug): .*)$/s;
const OWN_EVENTS = /^(open|event|reply|status|replaycomplete|outbox|rewind|gone|error|message)$/;
const PROBE_TIMEOUT = 5_000;
const DIVERGED = 'history_diverged';
const KEPT_TIME = 600_000;
const CURSOR_INTERVAL = 300;
const LEASE = 90_000; // background tabs run their timers once a minute
// below the server's default budget, which all tabs of a user share: 100 messages at once, 20 a second
const PACE = 100;
const BURST = 40;

/** @type {new <M>() => TypedEventTarget<M>} */
const Target = EventTarget;

/** @type {(target: EventTarget, type: string, detail?: unknown) => boolean} */
const emit = (target, type, detail) => target.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));

/**
 * Returns the result of an action, or undefined if it throws: a storage may be forbidden or full, or contain data of others.
 * @template T
 * @param {() => T} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// the result is undefined
	}
};

/** @type {(storage: any, name: string) => any} */
const read = (storage, name) => tried(() => JSON.parse(storage.getItem(name)));

// crypto.randomUUID exists on secure origins only
const randomKey = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (/** @type {any} */ (crypto.getRandomValues(new Uint8Array(1))) % 16).toString(16));

/**
 * Prevents reports of unhandled rejections for promises that are not awaited: every failure is also an `error` event.
 * @template T
 * @param {Promise<T>} promise
 */
const quiet = (promise) => {
	promise.catch(() => {});
	return promise;
};

/**
 * A promise with its resolve and reject functions.
 * @type {new <T>() => import('./types.js').Deferred<T>}
 */
const Deferred = /** @type {any} */ (class {

	promise = quiet(new Promise((resolve, reject) => Object.assign(this, { resolve, reject })));

});

/**
 * Returns the URL as an absolute HTTP URL: a request resolves relative URLs in pages and workers, and throws a TypeError without a base.
 * @type {(url: string | URL) => URL}
 */
const absolute = (url) => new URL(new Request(`${url}`.replace(/^ws/, 'http')).url);

/**
 * Returns the storage with a name, or the given object. An invalid object fails when it is used, like a forbidden storage.
 * @type {(storage: any) => any}
 */
const storageOf = (storage) => tried(() => /** @type {any} */ (globalThis)[`${storage}Storage`] ?? storage);

/** @type {(options: any) => any} */
const checked = (options) => {
	Object.entries(options).forEach(([name, value]) => {
		if (value !== undefined && !OPTION.test(`${name}: ${value}`)) {
			throw new TypeError(`Invalid: ${name}: ${value}, not ${OPTION}`);
		}
	});
	return options;
};

/** @implements {ClientError} */
export class ResumableWebSocketError extends Error {

	name = 'ResumableWebSocketError';

	/**
	 * @param {string} code
	 * @param {string} [message]
	 * @param {number} [closeCode]
	 * @param {boolean} [final]
	 * @param {unknown} [cause]
	 */
	constructor(code, message, closeCode, final = true, cause) {
		super(message || code, { cause });
		/** One of `ErrorCode` in `resumable-ws-client/codes`, or the name of a close code in lower case. */
		this.code = code;
		/** Whether the client stops retrying. */
		this.final = final;
		/** The close code of the connection. */
		this.closeCode = closeCode;
	}

}

/** @type {(...args: ConstructorParameters<typeof ResumableWebSocketError>) => ResumableWebSocketError} */
const failure = (...args) => new ResumableWebSocketError(...args);

/** The initial state of all replies; the other properties are assigned when a reply begins. */
class StreamedReply extends /** @type {new () => TypedEventTarget<ReplyEvents> & import('./types.js').Deferred<string>} */ (/** @type {unknown} */ (Target)) {

	text = '';
	attempt = 1;
	/** @type {Reply['status']} */
	status = 'running';
	cancelling = false;
	_length = 0;

	get finished() {
		return this.promise;
	}

	async *[Symbol.asyncIterator]() {
		const end = this.promise; // replaced when the client is closed
		let seen = '';
		while (this.text !== seen || this.status === 'running' && this.promise === end) {
			if (this.text !== seen) {
				yield seen = this.text;
			}
			else {
				await new Promise((resolve) => this.addEventListener('', resolve, { once: true }));
			}
		}
		return end;
	}

}

/**
 * Dispatches an event, and one that wakes iterators.
 * @type {(reply: RunningReply, type: string, detail?: string) => void}
 */
const change = (reply, type, detail) => {
	emit(reply, type, detail);
	emit(reply, '');
};

/** @type {(reply: RunningReply) => void} */
const restart = (reply) => {
	reply.text = '';
	reply._length = 0;
	change(reply, 'reset');
};

/** @type {(reply: RunningReply, piece: string) => void} */
const append = (reply, piece) => {
	if (piece) {
		reply.text += piece;
		change(reply, 'delta', piece);
	}
};

/**
 * A resumable WebSocket. Its DOM events are {@link ResumableWebSocketEvents}, and one for each event type (`user_message`, …). The platform reports an
 * exception in a listener, and the event counts as processed.
 * @template {object} [E={}] types of the application's own events: names to payloads
 * @extends {Target<ClientEvents<E>>}
 */
export class ResumableWebSocket extends Target {

	/** @type {Status} */
	status = 'idle';
	/** @type {string | null} */
	sessionId = null;
	/** The last event whose listeners have returned. */
	lastEventId = 0;
	/**
	 * The history of the log that the last event belongs to.
	 * @type {string | undefined}
	 */
	epoch;
	/**
	 * The transport of the last attempt.
	 * @type {Transport}
	 */
	transport = 'websocket';
	/** The number of connections after the first. */
	reconnects = 0;
	/** The number of replayed events over all connections, without those the page already had. */
	replayed = 0;
	/**
	 * Running replies by message id.
	 * @type {ReadonlyMap<string, Reply>}
	 */
	replies = new Map();
	#core;

	/**
	 * Creates a client that connects after the current task: listeners that are added in the same task receive all events.
	 * @param {UrlSource} url
	 * @param {ResumableWebSocketOptions} [options]
	 */
	constructor(url, options = {}) {
		super();
		this.#core = coreOf(this, url, checked(options));
		this.reconnect();
	}

	/** The number of waiting messages. */
	get pending() {
		return this.outbox.length;
	}

	/**
	 * The messages of this client that are waiting for their acknowledgement, in order.
	 * @returns {WaitingMessage[]}
	 */
	get outbox() {
		return this.#core.outbox();
	}

	/**
	 * Sends `{type: 'user_message', content}`.
	 * @param {string} content
	 * @param {{ signal?: AbortSignal }} [options]
	 */
	say(content, options) {
		return this.send({ type: 'user_message', content }, options);
	}

	/**
	 * Sends a message exactly once, even if the connection is lost or the page is reloaded. Messages are sent one at a time, in order. Resolves when the message is
	 * acknowledged. Rejects on a final error (`malformed`, `invalid`, `unknown_type`, `forbidden`, `quota_exceeded`, `failed`, or a close because of the message), with
	 * `outbox_full`, with `withdrawn`, with the signal's reason, and with `closed`: the message then remains stored, unless the client was already closed.
	 * @param {ClientMessage} message
	 * @param {{ signal?: AbortSignal }} [options] the signal withdraws the message
	 * @returns {Promise<Acknowledged>}
	 */
	send(message, options) {
		return quiet(this.#core.send(message, options));
	}

	/**
	 * Withdraws a message that was not sent yet; its promise rejects.
	 * @param {string} key
	 * @param {unknown} [reason] the rejection reason, instead of `withdrawn`
	 * @returns {boolean} false if there is no such message, or if it may have reached the server and is therefore kept
	 */
	withdraw(key, reason) {
		return this.#core.withdraw(key, reason);
	}

	/**
	 * Cancels a reply, or all replies: running and queued ones, and those to messages waiting in this client. Replies to later messages are not affected.
	 * @param {string} [messageId]
	 */
	cancel(messageId) {
		this.#core.cancel(messageId);
	}

	/**
	 * Connects immediately if the client is waiting or closed.
	 * @param {{ force?: boolean }} [options] `force`: opens a new connection even if the client is
	 * connected or connecting
	 */
	reconnect(options) {
		this.#core.reconnect(options);
	}

	/**
	 * Sends a message that is neither stored nor acknowledged. Without a connection, it is dropped. The application must allow its type.
	 * @param {string} type
	 * @param {unknown} [payload]
	 */
	sendEphemeral(type, payload) {
		this.#core.put({ type, ephemeral: true, payload });
	}

	/** Closes the client and removes its timers and listeners. Promises reject with `closed`; waiting messages remain stored, for `reconnect()` or another client. */
	close() {
		this.#core.close();
	}

}

/**
 * The implementation of a client.
 * @param {ResumableWebSocket<any>} client
 * @param {any} source a UrlSource; functions have `call`
 * @param {any} options
 */
const coreOf = (client, source, options) => {
	const {
		storage = 'session', name = 'default', resume, getToken, tokenIn = 'subprotocol', ndjson = true, minDelay = 500, maxDelay = 30_000, minUptime = 5_000,
		connectTimeout = 10_000, maxOutbox = 100, WebSocket = globalThis.WebSocket, debug,
	} = options;
	if (!WebSocket) {
		throw new TypeError('No option WebSocket');
	}
	const self = randomKey(); // owner id of this client's messages
	const locks = globalThis.navigator?.locks;
	const { host, pathname } = source.call ? /** @type {Partial<URL>} */ ({}) : absolute(source);
	// prefix of this client's storage keys: the name is quoted, and quotes in it are escaped, so that no prefix begins with another
	const prefix = 'resumable-ws ' + JSON.stringify([host, pathname, name]);
	const cursorStorage = storageOf(storage);
	const outboxStorage = storageOf(storage === 'session' ? 'local' : storage);
	const readCursor = () => tried(() => [...read(cursorStorage, prefix)]) ?? [];
	const [session = null, ...cursor] = readCursor();
	({ sessionId: client.sessionId = session } = options);
	// until the first replay is complete, loadFrom is the event before the start of the oldest reply that was running when the page was left
	let [last, loadFrom = Infinity, known] = resume === 'cursor' && session === client.sessionId ? cursor : [];
	client.lastEventId = client.sessionId && (options.lastEventId ?? last) || 0;
	client.epoch = options.epoch ?? known ?? undefined;

	const replies = /** @type {Map<string, RunningReply>} */ (client.replies);
	/** @type {((value?: unknown) => void) | undefined} */
	let release; // releases the messages to other clients
	/** @type {AbortController | undefined} */
	let page; // aborted to stop listening to the page; undefined: closed
	/** @type {AbortController | undefined} */
	let run; // aborted at the end of a connection or an attempt
	/** @type {WebSocketLike | undefined} */
	let socket;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let timer; // for the next attempt, the end of this one, or the next heartbeat
	let attempt = 0;
	let refused = false;
	/** @type {ReturnType<import('./http.js').fallback> | undefined} */
	let fallback; // undefined: only WebSockets
	let failed = false; // whether the last attempt failed before session_init
	let connections = 0;
	/** @type {number | undefined} */
	let since; // time at which the current connection was ready
	/** @type {number | undefined} */
	let restartDelay;
	/** @type {number} */
	let heartbeat;
	/** @type {boolean} */
	let heard;
	/** @type {boolean | undefined} */
	let probing;
	let patience = 1; // grows with each consecutive silence
	/** @type {number | undefined} */
	let rewindTo; // set while events are missing
	/** @type {boolean} */
	let rewinding; // whether missing events were requested
	/** @type {string | undefined} */
	let hole; // the last gap, so that it is not requested twice
	/** @type {Entry[]} */
	let outbox = []; // in chronological order
	/** @type {Entry[]} */
	let acknowledged = []; // of the last minutes: a database that fails over to a standby may lack the last commits
	/** @type {Entry | undefined} */
	let inFlight;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let sendTimer;
	let due = 0; // time at which the next message can be sent without a burst
	let retries = 0;
	let lastTime = 0; // time of the last message of all clients
	/** @type {number} */
	let cancelTo; // replies to events up to this one are cancelled
	/** @type {Set<string | number>} */
	const requested = new Set(); // cancellations that were sent on this connection
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let storeTimer;

	// ---- connecting

	const connect = async () => {
		drop();
		const { signal } = run = new AbortController();
		const request = { attempt, refused, signal };
		let code = 'token_failed';
		timer = setTimeout(() => lost('connect_timeout'), connectTimeout);
		try {
			// also gives the creator of this object time to add listeners
			await adopt();
			signal.throwIfAborted();
			become('connecting');
			signal.throwIfAborted();
			const token = await getToken?.(request);
			// the characters of RFC 6750 that a subprotocol may contain
			if (token && !/^((query|message) [\w.~+/-]+=*|subprotocol [\w.~+-]+)$/.test(`${tokenIn} ${token}`)) {
				throw new TypeError('Invalid: getToken');
			}
			/** @type {Record<string, string | null | undefined>} */
			const { query, message, subprotocol } = { [tokenIn]: token };
			code = 'connection_failed';
			const url = absolute(source.call ? await source(request) : source);
			// browsers hide why a WebSocket failed, but a request without an upgrade is answered with 400
			const blocked = failed && await fetch(url, { mode: 'no-cors', signal }).then(({ status }) => status === 400 || !status).catch(() => {});
			if (blocked || options.transports?.[0] < 'w' || read(outboxStorage, prefix + 'http')) {
				fallback ??= (await import('./http.js').catch(() => {}))?.fallback(client, options, outboxStorage, prefix);
			}
			signal.throwIfAborted();
			/** @type {Record<string, any>} */
			const parameters = {
				sessionId: client.sessionId,
				lastEventId: Math.min(loadFrom, client.lastEventId),
				epoch: client.epoch,
				frames: ndjson && 'ndjson',
				token: query,
				presence: options.presence,
			};
			for (const name in parameters) {
				if (parameters[name]) {
					url.searchParams.set(name, parameters[name]);
				}
			}
			/** @type {WebSocketLike} */
			const opened = socket = new (fallback?.(blocked) ?? WebSocket)(url.href.replace('http', 'ws'), ['resumable-ws.v1', subprotocol && `jwt-${token}`].filter((it) => it));
			opened.onopen = () => message && opened.send(JSON.stringify({ type: 'auth', token }));
			opened.onmessage = ({ data }) => {
				data.split('\n').forEach((/** @type {string} */ line) => signal.aborted || receive(tried(() => JSON.parse(line)), signal));
			};
			// some platforms do not report a close after a failure
			opened.onerror = opened.onclose = ({ code = 1006, reason }) => {
				if (!signal.aborted) {
					lost(reason || 'connection_lost', code);
				}
			};
		}
		catch (cause) {
			if (!signal.aborted) {
				lost(code, undefined, cause);
			}
		}
	};

	/**
	 * The connection, or the attempt, has come to nothing.
	 * @type {(code: string, closeCode?: number, cause?: any) => void}
	 */
	const lost = (code, closeCode, cause) => {
		const final = /1000|440[09]/.test(/** @type {any} */ (closeCode));
		patience = code === 'silent' ? Math.min(8, 2 * patience) : 1;
		// a connection that was closed for using too much does not count as good
		if (performance.now() - /** @type {number} */ (since) >= minUptime && closeCode !== 4429) {
			attempt = 0;
			refused = false;
		}
		failed = !since; // for any reason: a proxy may let a WebSocket open but block its messages
		let delay = restartDelay ?? backOff(attempt);
		if (closeCode === 4401) {
			if (refused) {
				code = 'sign_in_refused';
			}
			else {
				delay = 0;
			}
			refused = true;
		}
		if (globalThis.navigator?.onLine === false) {
			delay = Infinity;
		}
		const entry = /100[379]/.test(/** @type {any} */ (closeCode)) ? inFlight : undefined; // the message that caused the close
		drop();
		if (final) {
			close(closeCode, code);
		}
		else {
			attempt++;
			// the browser's offline state can be wrong
			timer = setTimeout(connect, delay === Infinity ? maxDelay : delay);
			become('waiting', { code: closeCode, reason: code, delay });
		}
		fail(failure(code, cause?.message, closeCode, final || !!entry, cause), entry);
	};

	/** Drops the connection without waiting for the close frame of a peer that may be dead. */
	const drop = () => {
		clearTimeout(timer);
		clearTimeout(sendTimer);
		run?.abort();
		socket?.close();
		run = socket = since = inFlight = restartDelay = rewindTo = hole = undefined;
	};

	const close = (code = 1000, reason = 'closed') => {
		drop();
		storeNow();
		if (page) {
			page.abort();
			page = undefined;
			disown();
			const error = failure('closed', '', code);
			// settles pending promises, until the client is reopened
			replies.forEach((reply) => {
				reply.reject(error);
				Object.assign(reply, new Deferred());
				emit(reply, '');
			});
			outbox.forEach((entry) => {
				entry.reject(error);
				Object.assign(entry, new Deferred());
			});
			become('closed', { code, reason });
		}
	};

	/** @type {(status: Status, more?: object) => void} */
	const become = (status, more) => {
		client.status = status;
		dispatch('status', { status, attempt, ...more });
	};

	/** @param {{ force?: boolean }} [options] */
	const reconnect = ({ force } = {}) => {
		if (!page) {
			const { signal } = page = new AbortController();
			for (const type of ['storage', 'online', 'offline', 'pagehide', 'pageshow', 'visibilitychange']) {
				globalThis.addEventListener?.(type, wake, { signal });
			}
			own();
		}
		if (force || !run) {
			connect();
		}
	};

	/**
	 * The network has changed, the page was shown or left, or another tab has written.
	 * @type {(event: any) => void}
	 */
	const wake = ({ type, key, newValue }) => {
		if (type === 'storage') {
			// tabs may see each other's writes late, so two of them may have taken over the same message
			return newValue ?? settle(outbox.find((entry) => prefix + entry.key === key), failure('taken_over'));
		}
		storeNow();
		if (type === 'pagehide') {
			return disown();
		}
		own();
		if (type === 'visibilitychange' && document.hidden) {
			return;
		}
		if (since) {
			if (!probing) {
				beat(true);
			}
		}
		else if (!run && navigator.onLine) {
			connect();
		}
	};

	/**
	 * Asks for a sign of life, and takes the connection for dead if none has come in time. After that has happened it waits longer: the time may have been
	 * too short for an event on a slow link, which would be cut again and again.
	 * @type {(probe?: boolean) => void}
	 */
	const beat = (probe) => {
		clearTimeout(timer);
		heard = false;
		probing = probe;
		put({ type: 'ping' });
		timer = setTimeout(() => {
			if (heard) {
				beat();
				adopt();
			}
			else {
				lost('silent');
			}
		}, (probe ? PROBE_TIMEOUT : heartbeat) * patience);
	};

	/** @type {(message: object) => void} */
	const put = (message) => {
		if (since) {
			/** @type {WebSocketLike} */ (socket).send(JSON.stringify(message));
		}
	};

	/** @type {(type: string, detail: unknown) => boolean} */
	const dispatch = (type, detail) => {
		if (debug) {
			console.debug('resumable-ws', type, detail);
		}
		return emit(client, type, detail);
	};

	// ---- messages of the server

	/** @type {(message: ServerMessage, signal: AbortSignal) => void} */
	const receive = (message, signal) => {
		heard = true;
		if (message) {
			dispatch('message', message);
			if (!signal.aborted) {
				(message.ephemeral ? show : message.payload ? take : controls[message.type] ?? show)(message);
			}
		}
		else {
			lost('malformed');
		}
	};

	/** @type {Record<string, (message: any) => void>} */
	const controls = {
		session_init(message) {
			const {
				reason, session_id: sessionId, last_event_id: lastEventId, earliest_event_id: earliestEventId, connection_id: connectionId, rewind_to,
			} = message;
			const previousSessionId = client.sessionId;
			const diverged = reason === DIVERGED;
			// the server compares with the requested position, which may be before that of the page
			let { resumed } = message;
			let again = resumed && (rewind_to ?? lastEventId) < client.lastEventId;
			if (again && client.epoch) {
				loadFrom = Infinity;
				return connect();
			}
			resumed &&= !again;
			since = performance.now();
			client.reconnects = connections++;
			requested.clear();
			client.sessionId = sessionId;
			controls.session_epoch(message);
			if (sessionId !== previousSessionId) {
				acknowledged = [];
				outbox.forEach(save);
			}
			if (!resumed) {
				client.lastEventId = diverged ? rewind_to : 0;
				loadFrom = Infinity;
			}
			heartbeat = message.heartbeat_ms;
			beat();
			become('replaying');
			if (previousSessionId && !resumed) {
				cancelTo = 0;
				replies.forEach((reply) => finish(reply, { code: 'gone' }));
				if (!diverged || dispatch('rewind', { rewindTo: rewind_to })) {
					again ||= diverged;
					client.lastEventId = 0;
					dispatch('gone', { previousSessionId, sessionId, reason: reason ?? 'ahead_of_log' });
				}
			}
			store(!resumed);
			dispatch('open', { resumed, sessionId, lastEventId, earliestEventId, connectionId });
			if (again) {
				rewind(0);
			}
			flush();
		},

		session_epoch({ epoch, rewind_to }) {
			client.epoch = epoch;
			// messages that are or may be lost are resent first: their keys prevent them from being handled twice
			enqueue(acknowledged.filter(({ eventId = Infinity }) => eventId > rewind_to));
			acknowledged = acknowledged.filter((entry) => !outbox.includes(entry));
		},

		replay_complete({ last_event_id: lastEventId, count }) {
			if (rewindTo !== undefined && !rewinding) {
				rewind(rewindTo, true);
				return;
			}
			rewindTo = undefined;
			loadFrom = Infinity;
			become('open');
			replies.forEach(announce);
			sendCancels();
			dispatch('replaycomplete', { lastEventId, count });
		},

		server_restarting({ reconnect_after_ms }) {
			restartDelay = reconnect_after_ms;
		},

		ack({ idempotency_key: idempotencyKey, event_id: eventId, duplicate }) {
			const entry = find(idempotencyKey);
			if (entry) {
				const at = performance.now();
				acknowledged = [...acknowledged.filter((it) => it.cancelling || /** @type {number} */ (it.at) > at - KEPT_TIME), Object.assign(entry, { eventId, at })];
				entry.resolve({ idempotencyKey, eventId, duplicate: !!duplicate });
				settle(entry);
				sendCancels();
			}
		},

		error({ code, message, idempotency_key }) {
			let entry = find(idempotency_key);
			if (code === 'unavailable') {
				entry = undefined;
				requested.clear();
				pause(backOff(retries++));
			}
			fail(failure(code, message, undefined, !!entry), entry);
		},
	};

	/**
	 * Dispatches an event, and what is no event of the log, under the name of its type.
	 * @type {(event: any) => unknown}
	 */
	const show = (event) => OWN_EVENTS.test(event.type) || dispatch(event.type, event);

	/** @type {(event: any) => void} */
	const take = (event) => {
		const { type, event_id, payload, replay } = event;
		if (rewindTo !== undefined) {
			if (!rewinding || !replay) {
				return; // received again after the missing events
			}
			rewindTo = undefined;
		}
		const fresh = event_id > client.lastEventId;
		const { message_id: id, supersedes, in_reply_to, offset = 0, content = '' } = payload;
		const kind = id && type.match(/^assistant_(started|delta|message|failed)$/)?.[1];
		const known = replies.get(id);
		// the others belong to no reply, or to one that has ended
		if (kind && (known || fresh || kind === 'started')) {
			const length = known?._length ?? 0;
			if (kind === 'delta' && offset > length && hole !== id + length) {
				hole = id + length;
				rewind(known?._at ?? 0); // an earlier event is missing
				return;
			}
			/** @type {RunningReply} */
			const reply = known ?? replies.get(supersedes)
				?? Object.assign(new StreamedReply(), { id, inReplyTo: in_reply_to, _start: event_id, cancel: () => client.cancel(reply.id), ...new Deferred() });
			replies.delete(supersedes);
			replies.set(id, reply);
			reply._at = event_id;
			if (reply.id !== id) {
				reply.id = id;
				reply.attempt++;
				restart(reply);
			}
			if (kind === 'started') {
				sendCancels();
			}
			if (fresh) {
				announce(reply);
			}
			if (kind === 'delta') {
				reply._length = Math.max(length, offset + content.length);
				append(reply, content.slice(Math.max(0, length - offset)));
			}
			else if (kind !== 'started') {
				finish(reply, payload);
			}
		}
		if (fresh) {
			client.replayed += replay ? 1 : 0;
			dispatch('event', event);
			show(event);
			client.lastEventId = event_id;
			// writing is slow and events may be frequent; an outdated cursor causes only some repeated events
			if (resume === 'cursor' && !storeTimer) {
				store();
				storeTimer = setTimeout(storeNow, CURSOR_INTERVAL);
			}
		}
	};

	/** @type {(reply: RunningReply, payload: any) => void} */
	const finish = (reply, { content = '', finish_reason, usage, code, message }) => {
		replies.delete(reply.id);
		if (code) {
			reply.status = 'failed';
			reply.reject(reply.error = failure(code, message));
		}
		else {
			if (!content.startsWith(reply.text)) {
				restart(reply);
			}
			append(reply, content.slice(reply.text.length));
			Object.assign(reply, { status: 'done', finishReason: finish_reason, usage });
			reply.resolve(content);
		}
		reply.cancelling = false;
		change(reply, 'end');
	};

	/** @type {(reply: RunningReply) => void} */
	const announce = (reply) => {
		if (!reply._known) {
			reply._known = true;
			dispatch('reply', reply);
		}
	};

	/**
	 * Requests all events after an event again. During a replay, the request is deferred to its end, because its answer would not show which events are new.
	 * @type {(lastEventId: number, now?: boolean) => void}
	 */
	const rewind = (lastEventId, now = client.status === 'open') => {
		rewindTo = lastEventId;
		rewinding = now;
		if (now) {
			become('replaying');
			put({ type: 'resume', lastEventId, epoch: client.epoch });
		}
	};

	/** @type {(messageId?: string) => void} */
	const cancel = (messageId) => {
		const reply = replies.get(/** @type {string} */ (messageId));
		if (reply) {
			reply.cancelling = true;
		}
		else if (messageId) {
			put({ type: 'cancel', message_id: messageId });
		}
		else {
			[...outbox, ...acknowledged, ...replies.values()].forEach((it) => it.cancelling = true);
			tell(cancelTo = client.lastEventId); // queued replies end before they begin
		}
		sendCancels();
	};

	const sendCancels = () => replies.forEach((reply) => {
		const { id, inReplyTo = Infinity } = reply;
		reply.cancelling ||= inReplyTo <= cancelTo || acknowledged.some((entry) => entry.cancelling && entry.eventId === inReplyTo);
		if (reply.cancelling) {
			tell(id, id);
		}
	});

	/**
	 * Cancels once on a connection, and not within a replay, which may bring the ends of replies.
	 * @type {(what: string | number, message_id?: string) => void}
	 */
	const tell = (what, message_id) => {
		if (client.status === 'open' && !requested.has(what)) {
			requested.add(what);
			put({ type: 'cancel', message_id });
		}
	};

	// ---- messages of the page

	/** @type {(message: ClientMessage, options?: { signal?: AbortSignal }) => Promise<Acknowledged>} */
	const send = async (message, { signal } = {}) => {
		const { type, idempotency_key: key = randomKey() } = message;
		const known = find(key);
		signal?.throwIfAborted();
		if (known) {
			return known.promise;
		}
		// messages that the server would reject without naming them, or not answer
		const text = JSON.stringify([type, key]);
		if (!/^\["(?!(ping|resume|cancel|auth)").*","[\dA-Fa-f]{8}(-[\dA-Fa-f]{4}){4}[\dA-Fa-f]{8}"]$/.test(text)) {
			throw failure('invalid', `Invalid: ${text}`);
		}
		if (!page) {
			throw failure('closed');
		}
		if (outbox.length >= maxOutbox) {
			throw failure('outbox_full');
		}
		// a copy, because the page may change it
		const copy = JSON.parse(JSON.stringify({ ...message, idempotency_key: key }));
		/** @type {Entry} */
		const entry = { key, message: copy, time: lastTime = Math.max(lastTime + 1, Date.now()), ...new Deferred() };
		signal?.addEventListener('abort', () => withdraw(key, signal.reason));
		enqueue([entry]);
		return entry.promise;
	};

	/** @type {(key: string, reason?: unknown) => boolean} */
	const withdraw = (key, reason = failure('withdrawn')) => {
		const entry = outbox.find((it) => it.key === key && !it.sent);
		settle(entry, reason);
		return !!entry;
	};

	/** @type {(key: string) => Entry | undefined} */
	const find = (key) => outbox.find((entry) => entry.key === key);

	/** @type {(entries: Entry[]) => void} */
	const enqueue = (entries) => {
		if (entries.length) {
			outbox = [...outbox, ...entries].sort((a, b) => a.time - b.time);
			entries.forEach(save);
			changed();
		}
	};

	const changed = () => {
		dispatch('outbox', client.outbox);
		flush();
	};

	/** Sends the oldest message, and the next one when it is settled, so that no message overtakes one that must be resent. */
	const flush = () => {
		const [entry] = outbox;
		const now = performance.now();
		if (entry && !inFlight && since) {
			if (due - now > BURST * PACE) {
				pause(PACE);
			}
			else {
				due = Math.max(due, now) + PACE;
				inFlight = entry;
				put(entry.message);
				entry.sent = true;
				save(entry);
			}
		}
	};

	/**
	 * Sends again what waits after a while.
	 * @type {(delay: number) => void}
	 */
	const pause = (delay) => {
		clearTimeout(sendTimer);
		sendTimer = setTimeout(() => {
			inFlight = undefined;
			flush();
			sendCancels();
		}, delay);
	};

	/**
	 * A random delay of at least minDelay, below a limit that grows: clients of a node that is gone do not come back in step.
	 * @type {(failures: number) => number}
	 */
	const backOff = (failures) => minDelay + Math.random() * (Math.min(maxDelay, 2 * minDelay * 1.25 ** failures) - minDelay);

	/**
	 * Takes a message out of the outbox; it is refused, unless it was resolved before.
	 * @type {(entry: Entry | undefined, reason?: unknown) => void}
	 */
	const settle = (entry, reason) => {
		if (entry) {
			outbox = outbox.filter((it) => it !== entry);
			if (inFlight === entry) {
				inFlight = undefined;
			}
			retries = 0;
			entry.reject(reason);
			tried(() => outboxStorage.removeItem(prefix + entry.key));
			changed();
		}
	};

	/**
	 * Reports an error, to the message that it is for, too.
	 * @type {(error: ResumableWebSocketError, entry?: Entry) => void}
	 */
	const fail = (error, entry) => {
		settle(entry, error);
		dispatch('error', error);
	};

	// ---- storage

	/** Stores pending changes, if there are any. */
	const storeNow = () => {
		if (storeTimer) {
			clearTimeout(storeTimer);
			storeTimer = undefined;
			store();
		}
	};

	/**
	 * The cursor may go back only if that is asked for; other tabs may be ahead of this one.
	 * @type {(reset?: boolean) => void}
	 */
	const store = (reset) => {
		tried(() => {
			const [session, cursor] = readCursor();
			if (reset || session !== client.sessionId || cursor < client.lastEventId) {
				cursorStorage.setItem(prefix, JSON.stringify([
					client.sessionId, client.lastEventId, Math.min(loadFrom, client.lastEventId, ...Array.from(replies.values(), ({ _start }) => _start - 1)), client.epoch,
				]));
			}
		});
	};

	/** @type {(entry: Entry) => void} */
	const save = (entry) => {
		tried(() => {
			outboxStorage.setItem(prefix + entry.key,
				JSON.stringify({ ...entry, session: client.sessionId, owner: self, seen: release ? Date.now() : 0 }));
			entry.saved = true;
		});
	};

	/** Prevents other clients from sending the messages of this one, with a lock that the browser releases when the page is closed. */
	const own = () => {
		if (!release) {
			const held = new Promise((resolve) => release = resolve);
			locks?.request(self, () => held).catch(() => {});
		}
	};

	/** Releases the messages of this client to other clients. */
	const disown = () => {
		release?.();
		release = undefined;
		outbox.forEach(save);
	};

	/** Takes over the messages of closed clients: those of this session, or those for a new session if this client also waits for one. */
	const adopt = async () => {
		// while this page was inactive, another client may have moved a message to another session, which does not know its key
		outbox = outbox.filter((entry) => client.sessionId || !entry.saved || read(outboxStorage, prefix + entry.key)?.owner === self
			|| entry.reject(failure('taken_over')));
		outbox.forEach(save);
		/** @type {() => Stored[]} */
		const left = () => tried(() => Array.from(outboxStorage, (_, i) => outboxStorage.key(i))
			.filter((item) => item?.startsWith(prefix))
			.map((item) => read(outboxStorage, item) ?? {})
			.filter(({ session, owner, seen, time = 0 }) => {
				// later messages must sort after it, although bursts are ahead of the clock and the clock may be set back
				lastTime = Math.max(lastTime, time);
				return time && session === client.sessionId && owner !== self && page && (locks || seen < Date.now() - LEASE);
			})) ?? [];
		for (const { owner, seen } of left()) {
			const take = () => enqueue(left().filter((draft) => draft.owner === owner).map((draft) => Object.assign(draft, new Deferred())));
			// a closed owner holds no lock; one that has released its messages may be about to release the lock
			await (locks?.request(seen ? owner : `${owner} left`, { ifAvailable: true }, (lock) => lock && take()).catch(() => {}) ?? take());
		}
	};

	return { outbox: () => [...outbox], put, send, withdraw, cancel, reconnect, close };
};
