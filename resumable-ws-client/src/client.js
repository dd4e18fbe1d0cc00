// The browser client of resumable-ws. Its types are in types.d.ts, its protocol in docs/protocol.md.

/**
 * @import { ClientError, ClientEvents, Draft, Entry, Stored, TypedEventTarget } from './types.js'
 * @typedef {import('./types.js').Acknowledged} Acknowledged
 * @typedef {import('./types.js').ClientMessage} ClientMessage
 * @typedef {import('./types.js').ClientStorage} ClientStorage
 * @typedef {import('./types.js').GoneDetail} GoneDetail
 * @typedef {import('./types.js').OpenDetail} OpenDetail
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
 * @typedef {import('./types.js').UnsentMessages} UnsentMessages
 * @typedef {import('./types.js').UrlSource} UrlSource
 * @typedef {import('./types.js').WaitingMessage} WaitingMessage
 * @typedef {import('./types.js').WebSocketClass} WebSocketClass
 * @typedef {import('./types.js').WebSocketLike} WebSocketLike
 */
/**
 * @template [P=any]
 * @typedef {import('./types.js').SessionEvent<P>} SessionEvent
 */

const DEFAULTS = {
	tokenIn: 'subprotocol',
	transports: ['websocket', 'sse', 'longpoll'],
	storage: 'session',
	name: 'default',
	resume: 'session',
	ndjson: true,
	minDelay: 500,
	maxDelay: 30_000,
	minUptime: 5_000,
	connectTimeout: 10_000,
	maxOutbox: 100,
};
// An option and its value. Times are below the limit of setTimeout.
const OPTION = /^(tokenIn: (subprotocol|query)|transports: ((websocket|sse|longpoll),?)+|storage: (session|local|memory|\[object.*)|resume: (session|cursor)|(minDelay|maxDelay|minUptime|connectTimeout|maxOutbox|lastEventId): \d{1,9}|(name|sessionId|epoch|getToken|ndjson|WebSocket|debug): [^]*)$/;
const OWN_EVENTS = ['open', 'event', 'reply', 'status', 'replaycomplete', 'outbox', 'rewind', 'gone', 'error', 'message'];
/** @type {unknown[]} */
const FINAL_CLOSES = [1000, 4400, 4409];
/** @type {unknown[]} */
const MESSAGE_CLOSES = [1003, 1007, 1009];
const UNANSWERED = ['ping', 'resume', 'cancel', 'auth'];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){4}[\da-f]{8}$/i;
// what RFC 6750 allows, and of that what a subprotocol may hold
const QUERY_TOKEN = /^[\w.~+/-]+=*$/;
const SUBPROTOCOL_TOKEN = /^[\w.~+-]+$/;
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

/** @type {(target: EventTarget, type: string, detail?: unknown, cancelable?: boolean) => boolean} */
const emit = (target, type, detail, cancelable) => target.dispatchEvent(new CustomEvent(type, { detail, cancelable }));

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
const randomKey = () => 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16));

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
 * @template T
 * @returns {{ promise: Promise<T>, resolve: (value: T) => void, reject: (reason: unknown) => void }}
 */
const deferred = () => {
	/** @type {any} */
	const result = {};
	result.promise = quiet(new Promise((resolve, reject) => Object.assign(result, { resolve, reject })));
	return result;
};

/** @type {(url: string | URL) => URL} */
const absolute = (url) => {
	try {
		const result = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
		result.protocol = result.protocol.replace('http', 'ws');
		return result;
	}
	catch {
		throw new TypeError(`'${url}' is not an absolute URL`);
	}
};

/**
 * What the names of a client's items begin with. It ends with a space and the name has none, so none is the beginning of another.
 * @type {(url: UrlSource | undefined, name: string) => string}
 */
const prefixOf = (url, name) => {
	const { host = '', pathname = '' } = url && typeof url !== 'function' ? absolute(url) : /** @type {Partial<URL>} */ ({});
	return `resumable-ws ${host}${pathname} ${encodeURIComponent(name)} `;
};

/**
 * A storage by its name, or as it was given. What is no storage fails when it is used, like one that is forbidden.
 * @type {(storage: any) => any}
 */
const storageOf = (storage) => /** @type {any} */ (globalThis)[`${storage}Storage`] ?? storage;

/** @type {(storage: any) => any} */
const outboxOf = (storage) => storageOf(storage === 'session' ? 'local' : storage);

/**
 * The messages in a storage.
 * @type {(storage: any, prefix: string) => Stored[]}
 */
const stored = (storage, prefix) => Array.from({ length: storage.length }, (_, i) => storage.key(i))
	.map((name) => name?.startsWith(prefix) && read(storage, name))
	.filter((item) => item?.owner);

const locks = () => globalThis.navigator?.locks;

/**
 * Whether the server has the endpoint: a script is not told why a WebSocket was refused, but a request that is no upgrade is answered with 400.
 * @type {(url: URL, signal: AbortSignal) => Promise<boolean>}
 */
const answers = (url, signal) => fetch(url.href.replace('ws', 'http'), { mode: 'no-cors', signal })
	.then(({ status }) => status === 400 || !status, () => false);

/** @type {(url: URL, parameters: Record<string, any>) => void} */
const setQuery = ({ searchParams }, parameters) => {
	for (const name in parameters) {
		if (parameters[name]) {
			searchParams.set(name, parameters[name]);
		}
	}
};

/** @type {(options: any) => any} */
const checked = (options) => {
	/** @type {any} */
	const result = { ...DEFAULTS };
	for (const name in options) {
		const value = options[name];
		if (value != null && !OPTION.test(`${name}: ${value}`)) {
			throw new TypeError(`Invalid option ${name}: ${value}, not ${OPTION}`);
		}
		result[name] = value ?? result[name] ?? value; // null as a session id says something
	}
	return result;
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

/**
 * @implements {Reply}
 * @extends {Target<ReplyEvents>}
 */
class StreamedReply extends Target {

	text = '';
	attempt = 1;
	/** @type {Reply['status']} */
	status = 'running';
	cancelling = false;
	_length = 0; // as the server counts; longer than the text only if the log has lost its beginning
	_known = false; // to the page
	/** @type {ReturnType<typeof deferred<string>>} */
	#finished = deferred();
	/** @type {ReturnType<typeof deferred<void>>} */
	#changed = deferred();

	/**
	 * @param {ResumableWebSocket} client
	 * @param {string} id
	 * @param {number | undefined} inReplyTo
	 * @param {number} start its first event
	 */
	constructor(client, id, inReplyTo, start) {
		super();
		this.id = id;
		this.inReplyTo = inReplyTo;
		this._start = start;
		this._at = start; // the last event that belonged to it
		this.cancel = () => client.cancel(this.id);
	}

	get finished() {
		return this.#finished.promise;
	}

	async *[Symbol.asyncIterator]() {
		for (let seen = '', running = true; running;) {
			while (this.text !== seen) {
				yield seen = this.text;
			}
			running = this.status === 'running';
			await (running ? this.#changed : this.#finished).promise;
		}
	}

	_restart() {
		this.text = '';
		this._length = 0;
		this.#tell('reset');
	}

	/** @param {string} piece */
	_append(piece) {
		if (piece) {
			this.text += piece;
			this.#tell('delta', piece);
		}
	}

	/** @param {any} payload of its last event */
	_end({ content = '', finish_reason, usage, code, message }) {
		if (code) {
			this.status = 'failed';
			this.error = failure(code, message);
			this.#finished.reject(this.error);
		}
		else {
			if (!content.startsWith(this.text)) {
				this._restart();
			}
			this._append(content.slice(this.text.length));
			this.status = 'done';
			this.finishReason = finish_reason;
			this.usage = usage;
			this.#finished.resolve(content);
		}
		this.cancelling = false;
		this.#tell('end');
	}

	/**
	 * For those who wait, while the client is closed.
	 * @param {unknown} error
	 */
	_abandon(error) {
		this.#finished.reject(error);
		this.#finished = deferred();
		this.#changed.reject(error);
		this.#changed = deferred();
	}

	/**
	 * @param {string} type
	 * @param {string} [detail]
	 */
	#tell(type, detail) {
		emit(this, type, detail);
		this.#changed.resolve();
		this.#changed = deferred();
	}

}

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
	/** @type {Transport} */
	transport = 'websocket';
	/** Connections after the first. */
	reconnects = 0;
	/** Events received as a replay, over all connections, without those the page had. */
	replayed = 0;
	/**
	 * Running replies by message id.
	 * @type {ReadonlyMap<string, Reply>}
	 */
	replies;

	/** @type {Map<string, StreamedReply>} */
	#replies = new Map();
	#url;
	#options;
	/** @type {any} */
	#storage;
	/** @type {any} */
	#outboxStorage;
	#prefix;
	#id = randomKey(); // owner of the messages of this client
	/** @type {((value?: unknown) => void) | undefined} */
	#release; // lets others have them
	/** @type {AbortController | undefined} */
	#page; // aborted to stop listening to the page; undefined: closed
	/** @type {AbortController | undefined} */
	#run; // aborted at the end of a connection, or of an attempt
	/** @type {WebSocketLike | undefined} */
	#socket;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#timer; // to the next attempt, the end of this one, or the next heartbeat
	#attempt = 0;
	#refused = false;
	#rejections = 0; // connections in a row that failed before session_init
	#reachable = false; // whether the endpoint answered a request that is no upgrade before this attempt
	/** @type {import('./http.js').Transports | undefined} */
	#transports; // undefined: only WebSockets
	#connected = 0; // 1: ever
	/** @type {number | undefined} */
	#since; // when the present connection was ready
	/** @type {number | undefined} */
	#restartDelay;
	#heartbeat = 0;
	#heard = false;
	#probing = false;
	#patience = 1; // grows with each silence in a row
	#loadFrom = Infinity; // until the first replay is complete: the event after which the oldest reply began that ran when the page was left
	/** @type {number | undefined} */
	#rewindTo; // set while events are missing
	#rewinding = false; // whether the server has been asked
	/** @type {string | undefined} */
	#hole; // the last one, so as not to ask twice
	/** @type {Map<string, Entry>} */
	#outbox = new Map();
	/** @type {Set<Entry>} */
	#acknowledged = new Set(); // the last messages that were
	/** @type {Entry | undefined} */
	#inFlight;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#sendTimer;
	#due = 0; // when the next message could be sent without a burst
	#retries = 0;
	#time = 0; // of the last message
	#cancelTo = 0; // replies to events up to this are cancelled
	/** @type {Set<number>} */
	#cancelEvents = new Set(); // so are replies to these
	/** @type {Set<string | number>} */
	#told = new Set(); // what the server was told to cancel on this connection
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	#storeTimer;

	/**
	 * Counts the messages in the storage that are not acknowledged, by session: those of this page, of other tabs and of pages that are gone. A client of that
	 * session sends what no other client is about to send.
	 * @param {Pick<ResumableWebSocketOptions, 'name' | 'storage'> & { url?: UrlSource }} [options] as those of the clients
	 * @returns {UnsentMessages[]}
	 */
	static unsent({ url, ...options } = {}) {
		const { name, storage } = checked(options);
		/** @type {Map<string | null, number>} */
		const counts = new Map();
		tried(() => stored(outboxOf(storage), prefixOf(url, name)))?.forEach(({ session }) => counts.set(session, (counts.get(session) ?? 0) + 1));
		return [...counts].map(([sessionId, count]) => ({ sessionId, count }));
	}

	/**
	 * Connects soon: listeners that are added in the same task miss nothing.
	 * @param {UrlSource} url
	 * @param {ResumableWebSocketOptions} [options]
	 */
	constructor(url, options = {}) {
		super();
		const { storage, name, debug } = this.#options = checked(options);
		if (!(this.#options.WebSocket ??= globalThis.WebSocket)) {
			throw new TypeError('No WebSocket: set the option WebSocket');
		}
		this.replies = this.#replies;
		this.#url = url;
		this.#prefix = prefixOf(url, name);
		this.#storage = tried(() => storageOf(storage));
		this.#outboxStorage = tried(() => outboxOf(storage));
		this.#load();
		if (debug) {
			OWN_EVENTS.forEach((type) => this.addEventListener(type, ({ detail }) => console.debug('resumable-ws', type, detail)));
		}
		this.reconnect();
	}

	/** The number of waiting messages. */
	get pending() {
		return this.#outbox.size;
	}

	/**
	 * The messages of this client that wait for their acknowledgement, in order.
	 * @returns {WaitingMessage[]}
	 */
	get outbox() {
		return [...this.#outbox.values()];
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
	 * acknowledged. Rejects on a final refusal (`malformed`, `invalid`, `unknown_type`, `quota_exceeded`, `failed`, or a close because of the message), with
	 * `outbox_full`, with `withdrawn`, with the signal's reason, and with `closed`: then the message stays stored, unless the client was closed before.
	 * @param {ClientMessage} message
	 * @param {{ signal?: AbortSignal }} [options] the signal withdraws the message
	 * @returns {Promise<Acknowledged>}
	 */
	send(message, options) {
		return quiet(this.#send(message, options));
	}

	/**
	 * Takes a message back that was not sent yet; its promise rejects.
	 * @param {string} key
	 * @param {unknown} [reason] what it rejects with, instead of `withdrawn`
	 * @returns {boolean} false if there is no such message, or it may have reached the server: then it stays
	 */
	withdraw(key, reason = failure('withdrawn')) {
		const entry = this.#outbox.get(key);
		if (!entry || entry.sent) {
			return false;
		}
		this.#settle(entry);
		entry.reject(reason);
		return true;
	}

	/**
	 * Stops a reply, or all: those that run or wait for their turn, and those to messages that wait here. Replies to later messages are not affected.
	 * @param {string} [messageId]
	 */
	cancel(messageId) {
		const reply = this.#replies.get(messageId ?? '');
		if (reply) {
			reply.cancelling = true;
		}
		else if (messageId) {
			this.#put({ type: 'cancel', message_id: messageId });
		}
		else {
			this.#outbox.forEach((entry) => entry.cancelled = true);
			this.#replies.forEach((it) => it.cancelling = true);
			this.#cancelTo = Math.max(this.lastEventId, ...[...this.#acknowledged].map(({ eventId = 0 }) => eventId));
			this.#tell(this.#cancelTo); // replies that wait for their turn end before they begin
		}
		this.#sendCancels();
	}

	/**
	 * Connects now, if the client waits or is closed.
	 * @param {{ force?: boolean }} [options] `force`: also if it is connected, or about to be, on a new connection
	 */
	reconnect({ force } = {}) {
		if (!this.#page) {
			const { signal } = this.#page = new AbortController();
			for (const name of ['online', 'offline', 'pagehide', 'pageshow', 'visibilitychange']) {
				globalThis.addEventListener?.(name, () => this.#wake(name), { signal });
			}
			// tabs may see each other's writes late, so that two of them have taken over the same message
			globalThis.addEventListener?.('storage', ({ key, newValue }) => this.#outbox.forEach((entry) => {
				if (newValue === null && key === this.#prefix + entry.key) {
					this.#settle(entry);
					entry.reject(failure('taken_over'));
				}
			}), { signal });
			this.#own();
		}
		if (force || !this.#run) {
			this.#connect();
		}
	}

	/** Closes the client, without a timer or listener left. Promises reject with `closed`; messages that wait stay stored, for `reconnect()` or another client. */
	close() {
		this.#end(1000, 'closed');
	}

	// ---- connecting

	async #connect() {
		this.#drop();
		const { signal } = this.#run = new AbortController();
		const { getToken, tokenIn, ndjson, connectTimeout, WebSocket, transports: [first, second] } = this.#options;
		const inQuery = tokenIn === 'query';
		const request = { attempt: this.#attempt, refused: this.#refused, signal };
		let code = 'token_failed';
		this.#timer = setTimeout(() => this.#lost('connect_timeout'), connectTimeout);
		try {
			// also gives those who have just made this object the time to listen
			await this.#adopt();
			signal.throwIfAborted();
			this.#become('connecting');
			signal.throwIfAborted();
			const token = await getToken?.(request);
			if (token && !(inQuery ? QUERY_TOKEN : SUBPROTOCOL_TOKEN).test(token)) {
				throw new TypeError('getToken returned no token: check response.ok');
			}
			code = 'connection_failed';
			const url = absolute(typeof this.#url === 'function' ? await this.#url(request) : this.#url);
			this.#reachable = this.#rejections > +!second && await answers(url, signal);
			if (first !== 'websocket' || second && (this.#reachable || read(this.#outboxStorage, `resumable-ws transport ${url.host}`))) {
				this.#transports ??= await import('./http.js').then(({ Transports }) => new Transports(this.#options, this.#outboxStorage), () => undefined);
			}
			signal.throwIfAborted();
			setQuery(url, {
				sessionId: this.sessionId,
				lastEventId: Math.min(this.#loadFrom, this.lastEventId),
				epoch: this.epoch,
				frames: ndjson && 'ndjson',
				token: inQuery && token,
			});
			const protocols = ['resumable-ws.v1', ...token && !inQuery ? [`jwt-${token}`] : []];
			this.#open(this.#transports?.connect(url.href, protocols, this.#reachable) ?? new WebSocket(url.href, protocols), signal);
		}
		catch (/** @type {any} */ cause) {
			if (!signal.aborted) {
				this.#lost(code, cause?.message, undefined, cause);
			}
		}
	}

	/**
	 * @param {WebSocketLike} socket
	 * @param {AbortSignal} signal
	 */
	#open(socket, signal) {
		this.#socket = socket;
		this.transport = socket.transport ?? 'websocket';
		socket.onmessage = ({ data }) => {
			for (const line of data.split('\n')) {
				if (!signal.aborted) {
					this.#receive(tried(() => JSON.parse(line)), signal);
				}
			}
		};
		// some platforms do not tell of a close after a failure
		socket.onerror = socket.onclose = ({ code = 1006, reason, retryAfter }) => {
			if (!signal.aborted) {
				this.#restartDelay ??= retryAfter;
				this.#lost(reason || 'connection_lost', '', code);
			}
		};
	}

	/**
	 * The connection, or the attempt, has come to nothing.
	 * @param {string} code
	 * @param {string} [message]
	 * @param {number} [closeCode]
	 * @param {unknown} [cause]
	 */
	#lost(code, message, closeCode, cause) {
		const { maxDelay, minUptime } = this.#options;
		const final = FINAL_CLOSES.includes(closeCode);
		this.#patience = code === 'silent' ? Math.min(8, 2 * this.#patience) : 1;
		// a connection that took too much was no good one
		if (performance.now() - (this.#since ?? NaN) >= minUptime && closeCode !== 4429) {
			this.#attempt = 0;
			this.#refused = false;
		}
		const expired = closeCode === 4401;
		// a proxy may let a WebSocket open, and nothing pass
		const rejected = !!this.#socket && !this.#since && (closeCode ?? 1006) === 1006;
		this.#rejections += +rejected;
		const refused = expired && this.#refused || rejected && this.#reachable && !this.#transports;
		this.#refused ||= expired || refused;
		if (refused) {
			code = 'sign_in_refused';
		}
		let delay = expired && !refused ? 0 : this.#restartDelay ?? this.#backOff(this.#attempt);
		if (globalThis.navigator?.onLine === false) {
			delay = Infinity;
		}
		const entry = MESSAGE_CLOSES.includes(closeCode) ? this.#inFlight : undefined;
		this.#drop();
		if (final) {
			this.#end(closeCode, code);
		}
		else {
			this.#attempt++;
			// browsers have been wrong about being offline
			this.#timer = setTimeout(() => this.#connect(), delay === Infinity ? maxDelay : delay);
			this.#become('waiting', { delay, code: closeCode, reason: code });
		}
		this.#fail(failure(code, message, closeCode, final || !!entry, cause), entry);
	}

	/** Forgets the connection, without waiting for a peer that may be dead to agree. */
	#drop() {
		clearTimeout(this.#timer);
		clearTimeout(this.#sendTimer);
		this.#run?.abort();
		this.#socket?.close();
		this.#run = this.#socket = this.#since = this.#inFlight = this.#restartDelay = this.#rewindTo = this.#hole = undefined;
		this.#told.clear();
	}

	/**
	 * @param {number | undefined} code
	 * @param {string} reason
	 */
	#end(code, reason) {
		this.#drop();
		this.#storeNow();
		if (this.#page) {
			this.#page.abort();
			this.#page = undefined;
			this.#disown();
			const error = failure('closed', '', code);
			this.#replies.forEach((reply) => reply._abandon(error));
			this.#outbox.forEach((entry) => {
				entry.reject(error);
				Object.assign(entry, deferred());
			});
			this.#become('closed', { code, reason });
		}
	}

	/**
	 * @param {Status} status
	 * @param {object} [more]
	 */
	#become(status, more) {
		this.status = status;
		emit(this, 'status', { status, attempt: this.#attempt, transport: this.transport, ...more });
	}

	/**
	 * The network has changed, or the page was shown or left.
	 * @param {string} type
	 */
	#wake(type) {
		this.#storeNow();
		if (type === 'pagehide') {
			this.#disown();
			return;
		}
		this.#own();
		if (type === 'visibilitychange' && document.hidden) {
			return;
		}
		if (this.#since) {
			if (!this.#probing) {
				this.#beat(PROBE_TIMEOUT, true);
			}
		}
		else if (this.status === 'waiting' && navigator.onLine !== false) {
			this.#connect();
		}
	}

	/**
	 * Asks for a sign of life, and takes the connection for dead if none has come in time. After that has happened it waits longer: the time may have been
	 * too short for an event on a slow link, which would be cut again and again.
	 * @param {number} timeout
	 * @param {boolean} [probing]
	 */
	#beat(timeout, probing = false) {
		clearTimeout(this.#timer);
		this.#heard = false;
		this.#probing = probing;
		this.#put({ type: 'ping' });
		this.#timer = setTimeout(() => {
			if (this.#heard) {
				this.#beat(this.#heartbeat);
				this.#adopt();
			}
			else {
				this.#lost('silent');
			}
		}, timeout * this.#patience);
	}

	/**
	 * @param {object} message
	 * @returns something if it is under way
	 */
	#put(message) {
		if (this.#since) {
			this.#socket?.send(JSON.stringify(message));
		}
		return this.#since;
	}

	// ---- what the server says

	/**
	 * @param {ServerMessage} message
	 * @param {AbortSignal} signal
	 */
	#receive(message, signal) {
		this.#heard = true;
		if (!message) {
			return this.#lost('malformed');
		}
		emit(this, 'message', message);
		if (signal.aborted) {
			return;
		}
		const { type, idempotency_key: key, code, event_id: eventId } = message;
		const entry = this.#outbox.get(key);
		if (message.payload) {
			this.#take(message);
		}
		else if (type === 'session_init') {
			this.#begin(message);
		}
		else if (type === 'session_epoch') {
			this.epoch = message.epoch;
			this.#offerAgain(message.rewind_to);
		}
		else if (type === 'replay_complete') {
			this.#caughtUp(message);
		}
		else if (type === 'server_restarting') {
			this.#restartDelay = message.reconnect_after_ms;
		}
		else if (type === 'ack' && entry) {
			this.#remember(entry, eventId);
			this.#settle(entry);
			entry.resolve({ idempotencyKey: key, eventId, duplicate: !!message.duplicate });
			if (entry.cancelled && eventId) {
				this.#cancelEvents.add(eventId);
				this.#sendCancels();
			}
		}
		else if (type === 'error') {
			const unavailable = code === 'unavailable';
			const refused = unavailable ? undefined : entry;
			if (unavailable) {
				this.#told.clear();
				this.#pause(this.#backOff(this.#retries++));
			}
			this.#fail(failure(code, message.message, undefined, !!refused), refused);
		}
	}

	/** @param {any} message */
	#begin({
		session_id: sessionId, resumed, reason, last_event_id: lastEventId, earliest_event_id: earliestEventId, heartbeat_ms: heartbeat = 25_000,
		connection_id: connectionId, epoch, rewind_to: rewindTo,
	}) {
		const previousSessionId = this.sessionId;
		const diverged = reason === DIVERGED;
		// the server judges by where it was asked to go on, which may be before what the page has
		let again = resumed && (rewindTo ?? lastEventId) < this.lastEventId;
		if (again && this.epoch) {
			this.#loadFrom = Infinity;
			this.#connect();
			return;
		}
		resumed &&= !again;
		this.#since = performance.now();
		this.reconnects += this.#connected;
		this.#connected = 1;
		this.#rejections = 0;
		this.sessionId = sessionId;
		this.epoch = epoch;
		this.#offerAgain(rewindTo);
		if (sessionId !== previousSessionId) {
			this.#acknowledged.clear();
			this.#outbox.forEach((entry) => this.#save(entry));
		}
		if (!resumed) {
			this.lastEventId = diverged ? rewindTo : 0;
			this.#loadFrom = Infinity;
		}
		this.#store(!resumed);
		this.#beat(this.#heartbeat = heartbeat);
		this.#become('replaying');
		if (previousSessionId && !resumed) {
			this.#cancelEvents.clear();
			this.#cancelTo = 0;
			this.#replies.forEach((reply, id) => {
				this.#replies.delete(id);
				reply._end({ code: 'gone' });
			});
			if (!diverged || emit(this, 'rewind', { rewindTo }, true)) {
				again ||= diverged;
				this.lastEventId = 0;
				this.#store(true);
				emit(this, 'gone', { reason: reason ?? 'ahead_of_log', previousSessionId, sessionId });
			}
		}
		emit(this, 'open', { sessionId, resumed, lastEventId, earliestEventId, connectionId, transport: this.transport });
		if (again) {
			this.#rewind(0);
		}
		this.#flush();
	}

	/** @param {any} event */
	#take(event) {
		const { type, event_id: id, replay } = event;
		if (this.#rewindTo !== undefined) {
			if (!this.#rewinding || !replay) {
				return; // comes again, after what is missing
			}
			this.#rewindTo = undefined;
		}
		const fresh = id > this.lastEventId;
		if (this.#takeReply(event, fresh) && fresh) {
			this.replayed += +!!replay;
			emit(this, 'event', event);
			if (!OWN_EVENTS.includes(type)) {
				emit(this, type, event);
			}
			this.lastEventId = id;
			if (this.#options.resume === 'cursor') {
				this.#storeSoon();
			}
		}
	}

	/**
	 * @param {any} event
	 * @param {boolean} fresh
	 * @returns false if something before the event is missing
	 */
	#takeReply({ type, event_id, payload }, fresh) {
		const { message_id: id, supersedes, in_reply_to, offset = 0, content = '' } = payload;
		const kind = id && type.match(/^assistant_(started|delta|message|failed)$/)?.[1];
		const known = this.#replies.get(id);
		if (!kind || !known && kind !== 'started' && !fresh) {
			return true; // of no reply, or of one that has ended
		}
		const length = known?._length ?? 0;
		if (kind === 'delta' && offset > length && this.#hole !== id + length) {
			this.#hole = id + length;
			this.#rewind(known?._at ?? 0);
			return false;
		}
		const superseded = this.#replies.get(supersedes);
		const reply = known ?? superseded ?? new StreamedReply(this, id, in_reply_to, event_id);
		this.#replies.delete(supersedes);
		this.#replies.set(id, reply);
		reply._at = event_id;
		if (reply.id !== id) {
			reply.id = id;
			reply.attempt++;
			reply._restart();
		}
		if (kind === 'started') {
			this.#sendCancels();
		}
		if (fresh) {
			this.#announce(reply);
		}
		if (kind === 'delta') {
			reply._length = Math.max(length, offset + content.length);
			reply._append(content.slice(Math.max(0, length - offset)));
		}
		else if (kind !== 'started') {
			this.#replies.delete(id);
			reply._end(payload);
		}
		return true;
	}

	/** @param {StreamedReply} reply */
	#announce(reply) {
		if (!reply._known) {
			reply._known = true;
			emit(this, 'reply', reply);
		}
	}

	/**
	 * Asks for all after an event once more; at the end of a replay, since within one it would not be told what is new.
	 * @param {number} lastEventId
	 * @param {boolean} [now]
	 */
	#rewind(lastEventId, now = this.status === 'open') {
		this.#rewindTo = lastEventId;
		this.#rewinding = now;
		if (now) {
			this.#become('replaying');
			this.#put({ type: 'resume', lastEventId, epoch: this.epoch });
		}
	}

	/** @param {any} message */
	#caughtUp({ last_event_id: lastEventId, count }) {
		if (this.#rewindTo !== undefined && !this.#rewinding) {
			this.#rewind(this.#rewindTo, true);
			return;
		}
		this.#rewindTo = undefined;
		this.#loadFrom = Infinity;
		this.#become('open');
		this.#replies.forEach((reply) => this.#announce(reply));
		this.#sendCancels();
		emit(this, 'replaycomplete', { lastEventId, count });
	}

	#sendCancels() {
		this.#replies.forEach((reply) => {
			const { id, inReplyTo = Infinity } = reply;
			reply.cancelling ||= inReplyTo <= this.#cancelTo || this.#cancelEvents.has(inReplyTo);
			if (reply.cancelling) {
				this.#tell(id, id);
			}
		});
	}

	/**
	 * Cancels once on a connection, and not within a replay, which may bring the ends of replies.
	 * @param {string | number} what
	 * @param {string} [message_id]
	 */
	#tell(what, message_id) {
		if (this.status === 'open' && !this.#told.has(what) && this.#put({ type: 'cancel', message_id })) {
			this.#told.add(what);
		}
	}

	// ---- what the page says

	/**
	 * @param {ClientMessage} message
	 * @param {{ signal?: AbortSignal }} [options]
	 */
	async #send(message, { signal } = {}) {
		const { type, idempotency_key: key = randomKey() } = message;
		const known = this.#outbox.get(key);
		signal?.throwIfAborted();
		if (known) {
			return known.promise;
		}
		// what the server would refuse without saying which message it means, or not answer
		if (typeof type !== 'string' || UNANSWERED.includes(type) || !UUID.test(key)) {
			throw failure('invalid', `Invalid type '${type}' or idempotency_key '${key}'`);
		}
		if (!this.#page) {
			throw failure('closed');
		}
		if (this.pending >= this.#options.maxOutbox) {
			throw failure('outbox_full');
		}
		// as it is now: the page may change it
		const copy = JSON.parse(JSON.stringify({ ...message, idempotency_key: key }));
		const entry = this.#enqueue({ key, message: copy, time: this.#time = Math.max(Date.now(), this.#time + 1) });
		signal?.addEventListener('abort', () => this.withdraw(key, signal.reason), { once: true });
		this.#save(entry);
		this.#changed();
		return entry.promise;
	}

	/** @param {Draft} draft */
	#enqueue(draft) {
		/** @type {Entry} */
		const entry = { ...draft, at: 0, .../** @type {ReturnType<typeof deferred<Acknowledged>>} */ (deferred()) };
		this.#outbox.set(draft.key, entry);
		return entry;
	}

	#changed() {
		emit(this, 'outbox', this.outbox);
		this.#flush();
	}

	/** Sends the oldest message, and the next when that is settled: no message passes one that has to be sent again. */
	#flush() {
		const [entry] = this.#outbox.values();
		const now = performance.now();
		const due = Math.max(this.#due, now);
		if (!entry || this.#inFlight || !this.#since) {
			return;
		}
		if (due - now > BURST * PACE) {
			this.#pause(PACE);
		}
		else if (this.#put(entry.message)) {
			this.#due = due + PACE;
			this.#inFlight = entry;
			if (!entry.sent) {
				entry.sent = true;
				this.#save(entry);
			}
		}
	}

	/**
	 * Sends again what waits after a while.
	 * @param {number} delay
	 */
	#pause(delay) {
		clearTimeout(this.#sendTimer);
		this.#sendTimer = setTimeout(() => {
			this.#inFlight = undefined;
			this.#flush();
			this.#sendCancels();
		}, delay);
	}

	/**
	 * A random delay of at least minDelay, below a limit that doubles: clients of a node that is gone do not come back in step.
	 * @param {number} failures
	 */
	#backOff(failures) {
		const { minDelay, maxDelay } = this.#options;
		const limit = Math.min(maxDelay, minDelay * 2 ** (failures + 1));
		return minDelay + Math.random() * (limit - minDelay);
	}

	/** @param {Entry} entry */
	#settle(entry) {
		this.#retries = 0;
		this.#outbox.delete(entry.key);
		if (this.#inFlight === entry) {
			this.#inFlight = undefined;
		}
		tried(() => this.#outboxStorage.removeItem(this.#prefix + entry.key));
		this.#changed();
	}

	/**
	 * The server may lose what it has acknowledged: a database that fails over to a standby may lack the last commits.
	 * @param {Entry} entry
	 * @param {number} eventId
	 */
	#remember(entry, eventId) {
		const now = entry.at = performance.now();
		entry.eventId = eventId;
		this.#acknowledged.add(entry);
		this.#acknowledged.forEach((it) => it.at < now - KEPT_TIME && this.#acknowledged.delete(it));
	}

	/**
	 * Sends again, first, what is lost, or may be: its keys keep it from being handled twice.
	 * @param {any} rewindTo undefined: nothing is lost
	 */
	#offerAgain(rewindTo) {
		const lost = [...this.#acknowledged].filter(({ eventId = Infinity }) => eventId > rewindTo);
		if (lost.length) {
			this.#outbox = new Map([...lost.map((entry) => /** @type {const} */ ([entry.key, entry])), ...this.#outbox]);
			lost.forEach((entry) => {
				this.#acknowledged.delete(entry);
				this.#save(entry);
			});
			this.#changed();
		}
	}

	/**
	 * @param {ResumableWebSocketError} error
	 * @param {Entry} [entry] the message that is refused
	 */
	#fail(error, entry) {
		if (entry) {
			this.#settle(entry);
			entry.reject(error);
		}
		emit(this, 'error', error);
	}

	// ---- what is kept

	#load() {
		const { sessionId, lastEventId, epoch, resume } = this.#options;
		const [session = null, ...cursor] = tried(() => [...read(this.#storage, this.#prefix)]) ?? [];
		this.sessionId = sessionId === undefined ? session : sessionId;
		const [last, from = Infinity, known] = resume === 'cursor' && session === this.sessionId ? cursor : [];
		this.lastEventId = this.sessionId && (lastEventId ?? last) || 0;
		this.#loadFrom = from;
		this.epoch = epoch ?? known ?? undefined;
	}

	/** Writing is slow, and events may be many. A cursor that lags costs some repeats. */
	#storeSoon() {
		if (!this.#storeTimer) {
			this.#store();
			this.#storeTimer = setTimeout(() => this.#storeNow(), CURSOR_INTERVAL);
		}
	}

	/** Stores what waits to be stored, if anything does. */
	#storeNow() {
		if (this.#storeTimer) {
			clearTimeout(this.#storeTimer);
			this.#storeTimer = undefined;
			this.#store();
		}
	}

	/** @param {boolean} [reset] whether the cursor may go back; other tabs may be ahead of this one */
	#store(reset) {
		tried(() => {
			const [session, cursor] = read(this.#storage, this.#prefix) ?? [];
			if (reset || session !== this.sessionId || cursor < this.lastEventId) {
				const from = Math.min(this.#loadFrom, this.lastEventId, ...[...this.#replies.values()].map(({ _start }) => _start - 1));
				this.#storage.setItem(this.#prefix, JSON.stringify([this.sessionId, this.lastEventId, from, this.epoch]));
			}
		});
	}

	/**
	 * @param {Entry} entry
	 * @param {number} [seen] when its owner was there
	 */
	#save(entry, seen = Date.now()) {
		const { key, message, time, sent } = entry;
		tried(() => {
			this.#outboxStorage.setItem(this.#prefix + key, JSON.stringify({ key, message, time, sent, session: this.sessionId, owner: this.#id, seen }));
			entry.saved = true;
		});
	}

	/** Keeps other clients from sending the messages of this one: by a lock, which the browser releases when the page is gone. */
	#own() {
		if (!this.#release) {
			const held = new Promise((resolve) => this.#release = resolve);
			locks()?.request(this.#id, () => held).catch(() => {});
		}
	}

	/** Lets other clients have the messages of this one. */
	#disown() {
		this.#outbox.forEach((entry) => this.#save(entry, 0));
		this.#release?.();
		this.#release = undefined;
	}

	/** Takes what clients that are gone have left: of this session, or for a new one if this client wants one, too. */
	async #adopt() {
		const manager = locks();
		this.#outbox.forEach((entry) => {
			const { key, saved } = entry;
			if (!this.sessionId && saved && read(this.#outboxStorage, this.#prefix + key)?.owner !== this.#id) {
				// while this page was away, another client has taken it into another session, where its key says nothing
				this.#outbox.delete(key);
				entry.reject(failure('taken_over'));
			}
			else {
				this.#save(entry);
			}
		});
		const left = () => tried(() => stored(this.#outboxStorage, this.#prefix).filter(({ session, owner, seen }) => session === this.sessionId
			&& owner !== this.#id && this.#page && (manager || seen < Date.now() - LEASE))) ?? [];
		for (const { owner, seen } of left()) {
			const take = () => {
				const drafts = left().filter((draft) => draft.owner === owner);
				drafts.forEach((draft) => this.#save(this.#enqueue(draft)));
				if (drafts.length) {
					this.#outbox = new Map([...this.#outbox].sort(([, a], [, b]) => a.time - b.time));
					this.#changed();
				}
			};
			// an owner that has gone holds no lock; one that has left its messages may still be about to release it
			await (manager ? manager.request(seen ? owner : `${owner} left`, { ifAvailable: true }, (lock) => lock && take()).catch(() => {}) : take());
		}
	}

}
