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
 * What an action returns, if it can: a storage may be forbidden or full, or hold what this client has not written.
 * @template T
 * @param {() => T} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// undefined says it
	}
};

/** @type {(storage: any, name: string) => any} */
const read = (storage, name) => tried(() => JSON.parse(storage.getItem(name)));

// crypto.randomUUID is there on secure origins only
const randomKey = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (/** @type {any} */ (crypto.getRandomValues(new Uint8Array(1))) % 16).toString(16));

/**
 * A promise that is not awaited must not be reported as an unhandled rejection: every failure is an `error` event, too.
 * @template T
 * @param {Promise<T>} promise
 */
const quiet = (promise) => {
	promise.catch(() => {});
	return promise;
};

/**
 * A promise and its ends.
 * @type {new <T>() => import('./types.js').Deferred<T>}
 */
const Deferred = /** @type {any} */ (class {

	promise = quiet(new Promise((resolve, reject) => Object.assign(this, { resolve, reject })));

});

/**
 * The URL as an absolute one of http: a request knows what it is relative to, in pages and in workers, and throws a TypeError if that is nothing.
 * @type {(url: string | URL) => URL}
 */
const absolute = (url) => new URL(new Request(`${url}`.replace(/^ws/, 'http')).url);

/**
 * A storage by its name, or as it was given. What is no storage fails when it is used, like one that is forbidden.
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
		/** Whether the client does not try again. */
		this.final = final;
		/** The code that the connection was closed with. */
		this.closeCode = closeCode;
	}

}

/** @type {(...args: ConstructorParameters<typeof ResumableWebSocketError>) => ResumableWebSocketError} */
const failure = (...args) => new ResumableWebSocketError(...args);

/** What all replies begin with; the rest is assigned where one begins. */
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
		const end = this.promise; // another one is there after the client was closed
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
 * Dispatches an event, and one that wakes those who iterate.
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
 * A WebSocket that resumes. Its DOM events are {@link ResumableWebSocketEvents}, and one for each event type (`user_message`, …). An exception in a listener is
 * reported by the platform, and the event counts as processed.
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
	 * That of the last attempt.
	 * @type {Transport}
	 */
	transport = 'websocket';
	/** Connections after the first. */
	reconnects = 0;
	/** Events received as a replay, over all connections, without those the page had. */
	replayed = 0;
	/**
	 * Running replies by message id.
	 * @type {ReadonlyMap<string, Reply>}
	 */
	replies = new Map();
	#core;

	/**
	 * Connects soon: listeners that are added in the same task miss nothing.
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
	 * The messages of this client that wait for their acknowledgement, in order.
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
	 * Sends a message once, however often the connection breaks or the page is reloaded. Messages are sent one after the other. Resolves when the message is
	 * acknowledged. Rejects on a final refusal (`malformed`, `invalid`, `unknown_type`, `forbidden`, `quota_exceeded`, `failed`, or a close because of the message), with
	 * `outbox_full`, with `withdrawn`, with the signal's reason, and with `closed`: then the message stays stored, unless the client was closed before.
	 * @param {ClientMessage} message
	 * @param {{ signal?: AbortSignal }} [options] the signal withdraws the message
	 * @returns {Promise<Acknowledged>}
	 */
	send(message, options) {
		return quiet(this.#core.send(message, options));
	}

	/**
	 * Takes a message back that was not sent yet; its promise rejects.
	 * @param {string} key
	 * @param {unknown} [reason] what it rejects with, instead of `withdrawn`
	 * @returns {boolean} false if there is no such message, or it may have reached the server: then it stays
	 */
	withdraw(key, reason) {
		return this.#core.withdraw(key, reason);
	}

	/**
	 * Stops a reply, or all: those that run or wait for their turn, and those to messages that wait here. Replies to later messages are not affected.
	 * @param {string} [messageId]
	 */
	cancel(messageId) {
		this.#core.cancel(messageId);
	}

	/**
	 * Connects now, if the client waits or is closed.
	 * @param {{ force?: boolean }} [options] `force`: also if it is connected, or about to be, on a new connection
	 */
	reconnect(options) {
		this.#core.reconnect(options);
	}

	/**
	 * Sends a message that is neither stored nor acknowledged, if there is a connection now; else it is dropped. The application has to allow its type.
	 * @param {string} type
	 * @param {unknown} [payload]
	 */
	sendEphemeral(type, payload) {
		this.#core.put({ type, ephemeral: true, payload });
	}

	/** Closes the client, without a timer or listener left. Promises reject with `closed`; messages that wait stay stored, for `reconnect()` or another client. */
	close() {
		this.#core.close();
	}

}

/**
 * What is behind the public members of a client.
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
	const self = randomKey(); // owner of the messages of this client
	const locks = globalThis.navigator?.locks;
	const { host, pathname } = source.call ? /** @type {Partial<URL>} */ ({}) : absolute(source);
	// what the names of this client's items begin with: the name is in quotes, and its own quotes are escaped, so none is the beginning of another
	const prefix = 'resumable-ws ' + JSON.stringify([host, pathname, name]);
	const cursorStorage = storageOf(storage);
	const outboxStorage = storageOf(storage === 'session' ? 'local' : storage);
	const readCursor = () => tried(() => [...read(cursorStorage, prefix)]) ?? [];
	const [session = null, ...cursor] = readCursor();
	({ sessionId: client.sessionId = session } = options);
	// until the first replay is complete, loadFrom is the event after which the oldest reply began that ran when the page was left
	let [last, loadFrom = Infinity, known] = resume === 'cursor' && session === client.sessionId ? cursor : [];
	client.lastEventId = client.sessionId && (options.lastEventId ?? last) || 0;
	client.epoch = options.epoch ?? known ?? undefined;

	const replies = /** @type {Map<string, RunningReply>} */ (client.replies);
	/** @type {((value?: unknown) => void) | undefined} */
	let release; // lets others have the messages
	/** @type {AbortController | undefined} */
	let page; // aborted to stop listening to the page; undefined: closed
	/** @type {AbortController | undefined} */
	let run; // aborted at the end of a connection, or of an attempt
	/** @type {WebSocketLike | undefined} */
	let socket;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let timer; // to the next attempt, the end of this one, or the next heartbeat
	let attempt = 0;
	let refused = false;
	/** @type {ReturnType<import('./http.js').fallback> | undefined} */
	let fallback; // undefined: only WebSockets
	let failed = false; // whether the last attempt has, before session_init
	let connections = 0;
	/** @type {number | undefined} */
	let since; // when the present connection was ready
	/** @type {number | undefined} */
	let restartDelay;
	/** @type {number} */
	let heartbeat;
	/** @type {boolean} */
	let heard;
	/** @type {boolean | undefined} */
	let probing;
	let patience = 1; // grows with each silence in a row
	/** @type {number | undefined} */
	let rewindTo; // set while events are missing
	/** @type {boolean} */
	let rewinding; // whether the server has been asked
	/** @type {string | undefined} */
	let hole; // the last one, so as not to ask twice
	/** @type {Entry[]} */
	let outbox = []; // in the order of time
	/** @type {Entry[]} */
	let acknowledged = []; // of the last minutes: a database that fails over to a standby may lack the last commits
	/** @type {Entry | undefined} */
	let inFlight;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let sendTimer;
	let due = 0; // when the next message could be sent without a burst
	let retries = 0;
	let lastTime = 0; // of the last message, also of other clients
	/** @type {number} */
	let cancelTo; // replies to events up to this are cancelled
	/** @type {Set<string | number>} */
	const told = new Set(); // what this connection has asked the server to cancel
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
			// also gives those who have just made this object the time to listen
			await adopt();
			signal.throwIfAborted();
			become('connecting');
			signal.throwIfAborted();
			const token = await getToken?.(request);
			// what RFC 6750 allows, and of that what a subprotocol may hold
			if (token && !/^((query|message) [\w.~+/-]+=*|subprotocol [\w.~+-]+)$/.test(`${tokenIn} ${token}`)) {
				throw new TypeError('Invalid: getToken');
			}
			/** @type {Record<string, string | null | undefined>} */
			const { query, message, subprotocol } = { [tokenIn]: token };
			code = 'connection_failed';
			const url = absolute(source.call ? await source(request) : source);
			// a script is not told why a WebSocket has failed, but a request that is no upgrade is answered with 400
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
			// some platforms do not tell of a close after a failure
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
		// a connection that took too much was no good one
		if (performance.now() - /** @type {number} */ (since) >= minUptime && closeCode !== 4429) {
			attempt = 0;
			refused = false;
		}
		failed = !since; // whatever the reason: a proxy may let a WebSocket open, and nothing pass
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
		const entry = /100[379]/.test(/** @type {any} */ (closeCode)) ? inFlight : undefined; // that it was closed for
		drop();
		if (final) {
			close(closeCode, code);
		}
		else {
			attempt++;
			// browsers have been wrong about being offline
			timer = setTimeout(connect, delay === Infinity ? maxDelay : delay);
			become('waiting', { code: closeCode, reason: code, delay });
		}
		fail(failure(code, cause?.message, closeCode, final || !!entry, cause), entry);
	};

	/** Forgets the connection, without waiting for a peer that may be dead to agree. */
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
			// for those who wait, until the client is opened again
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
			// tabs may see each other's writes late, so that two of them have taken over the same message
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

	// ---- what the server says

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
			// the server decides by the requested position, which may be before what the page has
			let { resumed } = message;
			let again = resumed && (rewind_to ?? lastEventId) < client.lastEventId;
			if (again && client.epoch) {
				loadFrom = Infinity;
				return connect();
			}
			resumed &&= !again;
			since = performance.now();
			client.reconnects = connections++;
			told.clear();
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
			// sent again, first, is what is lost, or may be: its keys keep it from being handled twice
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
				told.clear();
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
				return; // comes again, after what is missing
			}
			rewindTo = undefined;
		}
		const fresh = event_id > client.lastEventId;
		const { message_id: id, supersedes, in_reply_to, offset = 0, content = '' } = payload;
		const kind = id && type.match(/^assistant_(started|delta|message|failed)$/)?.[1];
		const known = replies.get(id);
		// others are of no reply, or of one that has ended
		if (kind && (known || fresh || kind === 'started')) {
			const length = known?._length ?? 0;
			if (kind === 'delta' && offset > length && hole !== id + length) {
				hole = id + length;
				rewind(known?._at ?? 0); // something before it is missing
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
			// writing is slow, and events may be many; a cursor that lags costs some repeats
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
	 * Asks for all after an event once more; at the end of a replay, since within one the server would not send new events.
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
			tell(cancelTo = client.lastEventId); // replies that wait for their turn end before they begin
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
		if (client.status === 'open' && !told.has(what)) {
			told.add(what);
			put({ type: 'cancel', message_id });
		}
	};

	// ---- what the page says

	/** @type {(message: ClientMessage, options?: { signal?: AbortSignal }) => Promise<Acknowledged>} */
	const send = async (message, { signal } = {}) => {
		const { type, idempotency_key: key = randomKey() } = message;
		const known = find(key);
		signal?.throwIfAborted();
		if (known) {
			return known.promise;
		}
		// what the server would refuse without saying which message it means, or not answer
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
		// as it is now: the page may change it
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

	/** Sends the oldest message, and the next when that is settled: no message passes one that has to be sent again. */
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
	 * A random delay of at least minDelay, below a limit that doubles: clients of a node that is gone do not come back in step.
	 * @type {(failures: number) => number}
	 */
	const backOff = (failures) => minDelay + Math.random() * (Math.min(maxDelay, minDelay * 2 ** ++failures) - minDelay);

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

	// ---- what is kept

	/** Stores what waits to be stored, if anything does. */
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

	/** Keeps other clients from sending the messages of this one: by a lock, which the browser releases when the page is gone. */
	const own = () => {
		if (!release) {
			const held = new Promise((resolve) => release = resolve);
			locks?.request(self, () => held).catch(() => {});
		}
	};

	/** Lets other clients have the messages of this one. */
	const disown = () => {
		release?.();
		release = undefined;
		outbox.forEach(save);
	};

	/** Takes what clients that are gone have left: of this session, or for a new one if this client wants one, too. */
	const adopt = async () => {
		// while this page was away, another client may have taken a message into another session, where its key says nothing
		outbox = outbox.filter((entry) => client.sessionId || !entry.saved || read(outboxStorage, prefix + entry.key)?.owner === self
			|| entry.reject(failure('taken_over')));
		outbox.forEach(save);
		/** @type {() => Stored[]} */
		const left = () => tried(() => Array.from(outboxStorage, (_, i) => outboxStorage.key(i))
			.filter((item) => item?.startsWith(prefix))
			.map((item) => read(outboxStorage, item) ?? {})
			.filter(({ session, owner, seen, time = 0 }) => {
				// what is typed from now on comes after it, although many messages in a row are ahead of the clock, and a clock may be set back
				lastTime = Math.max(lastTime, time);
				return time && session === client.sessionId && owner !== self && page && (locks || seen < Date.now() - LEASE);
			})) ?? [];
		for (const { owner, seen } of left()) {
			const take = () => enqueue(left().filter((draft) => draft.owner === owner).map((draft) => Object.assign(draft, new Deferred())));
			// an owner that has gone holds no lock; one that has left its messages may still be about to release it
			await (locks?.request(seen ? owner : `${owner} left`, { ifAvailable: true }, (lock) => lock && take()).catch(() => {}) ?? take());
		}
	};

	return { outbox: () => [...outbox], put, send, withdraw, cancel, reconnect, close };
};
