// The browser client of resumable-ws. What it promises is in client.d.ts, what it speaks in docs/protocol.md.

const DEFAULTS = {
	tokenIn: 'subprotocol',
	storage: 'session',
	name: 'default',
	ndjson: true,
	minDelay: 500,
	maxDelay: 30_000,
	minUptime: 5_000,
	connectTimeout: 10_000,
	maxOutbox: 100,
	WebSocket: globalThis.WebSocket,
};
const OWN_EVENTS = ['open', 'event', 'reply', 'status', 'replaycomplete', 'rewind', 'gone', 'error', 'message'];
const FINAL_CLOSES = [1000, 4400, 4409];
const MESSAGE_CLOSES = [1003, 1007, 1009];
const UNANSWERED = ['ping', 'resume', 'cancel', 'auth'];
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const TOKEN_EXPIRED = 4401;
const PROBE_TIMEOUT = 5_000;
const DIVERGED = 'history_diverged';
const KEPT_MESSAGES = 50;
const KEPT_TIME = 600_000;

const emit = (target, type, detail, cancelable) => target.dispatchEvent(new CustomEvent(type, { detail, cancelable }));

const parse = (text) => {
	try {
		return JSON.parse(text);
	}
	catch {
		// undefined says it
	}
};

// crypto.randomUUID is there on secure origins only
const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte, i) => {
	const version = i === 6 ? byte & 15 | 64 : i === 8 ? byte & 63 | 128 : byte;
	return ([4, 6, 8, 10].includes(i) ? '-' : '') + version.toString(16).padStart(2, '0');
}).join('');

// a promise nobody looks at must not be reported as an unhandled rejection: every failure is an `error` event, too
const quiet = (executor) => {
	const promise = new Promise(executor);
	promise.catch(() => {});
	return promise;
};

export class ResumableWebSocketError extends Error {

	name = 'ResumableWebSocketError';

	constructor(code, message, final, closeCode, cause) {
		super(message || code, { cause });
		this.code = code;
		this.final = !!final;
		this.closeCode = closeCode;
	}

}

/** What begins with an underscore is for the class below. */
class Reply extends EventTarget {

	text = '';
	attempt = 1;
	status = 'running';
	_length = 0; // as the server counts; longer than the text only if the log has lost its beginning
	_known = false; // to the page
	#settle;
	#resets = 0;
	#waiting = [];

	constructor(id, inReplyTo, after, cancel) {
		super();
		this.id = id;
		this.inReplyTo = inReplyTo;
		this._after = after; // the event before its first
		this._at = after; // the last event that belonged to it
		this.cancel = () => cancel(this.id);
		this.finished = quiet((resolve, reject) => this.#settle = { resolve, reject });
	}

	async *[Symbol.asyncIterator]() {
		for (let at = 0, resets = this.#resets; ;) {
			if (resets !== this.#resets) {
				resets = this.#resets;
				at = 0;
			}
			const piece = this.text.slice(at);
			at += piece.length;
			if (piece) {
				yield piece;
			}
			else if (this.status !== 'running') {
				await this.finished;
				return;
			}
			else {
				await new Promise((resolve) => this.#waiting.push(resolve));
			}
		}
	}

	_restart(id) {
		if (id !== this.id) {
			this.id = id;
			this.attempt++;
		}
		this.text = '';
		this._length = 0;
		this.#resets++;
		this.#tell('reset');
	}

	_say(piece) {
		if (piece) {
			this.text += piece;
			this.#tell('delta', piece);
		}
	}

	_complete({ content = '', finish_reason, usage }) {
		if (!content.startsWith(this.text)) {
			this._restart(this.id);
		}
		this._say(content.slice(this.text.length));
		this.finishReason = finish_reason;
		this.usage = usage;
		this.status = 'done';
		this.#settle.resolve(content);
		this.#tell('end');
	}

	_fail({ code, message }) {
		this.error = new ResumableWebSocketError(code, message, true);
		this.status = 'failed';
		this.#settle.reject(this.error);
		this.#tell('end');
	}

	#tell(type, detail) {
		emit(this, type, detail);
		this.#waiting.splice(0).forEach((resolve) => resolve());
	}

}

export class ResumableWebSocket extends EventTarget {

	status = 'idle';
	sessionId = null;
	lastEventId = 0;
	epoch;
	reconnects = 0;
	replayed = 0;
	replies = new Map();

	#url;
	#options;
	#storage; // undefined: what this object holds has to do
	#prefix;
	#listening; // aborted to stop listening to the page
	#socket; // or an empty object, while a token is fetched
	#timer; // to the next attempt, the end of this one, or the next heartbeat
	#attempt = 0;
	#refused = false;
	#connected = false; // ever
	#since = Infinity; // when the present connection was ready
	#restartDelay;
	#heartbeat;
	#heard;
	#loadFrom = Infinity; // until the first replay is complete: the event after which the oldest reply began that ran when the page was left
	#rewindTo; // set while events are missing
	#rewinding; // whether the server has been asked
	#hole; // the last one, so as not to ask twice
	#outbox = new Map();
	#acknowledged = new Map(); // the last messages that were
	#inFlight;
	#retryTimer;
	#retries = 0;
	#time = 0;
	#cancelled = new Set(); // ids of replies; an empty one for all

	constructor(url, options = {}) {
		super();
		this.#options = { ...options };
		for (const name in DEFAULTS) {
			this.#options[name] ??= DEFAULTS[name];
		}
		const { storage, name } = this.#options;
		this.#url = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href);
		this.#url.protocol = this.#url.protocol.replace('http', 'ws');
		this.#prefix = `resumable-ws ${this.#url.host}${this.#url.pathname} ${name}`;
		this.#keep(() => this.#storage = typeof storage === 'string' ? globalThis[`${storage}Storage`] : storage);
		this.#load(options);
		this.reconnect();
	}

	get pending() {
		return this.#outbox.size;
	}

	say(content) {
		return this.send({ type: 'user_message', content });
	}

	send(message) {
		return quiet((resolve) => {
			const { type, idempotency_key: key = randomKey() } = message;
			const known = this.#outbox.get(key);
			if (known) {
				return resolve(known.promise);
			}
			// what the server would refuse without saying which message it means, or not answer
			if (typeof type !== 'string' || UNANSWERED.includes(type) || !UUID.test(key)) {
				throw new ResumableWebSocketError('invalid', `Cannot send type '${type}' with idempotency_key '${key}'`, true);
			}
			if (this.pending >= this.#options.maxOutbox) {
				throw new ResumableWebSocketError('outbox_full', `${this.pending} messages wait already`, true);
			}
			const entry = this.#enqueue(key, JSON.stringify({ ...message, idempotency_key: key }), Date.now());
			this.#save(entry);
			this.#flush();
			resolve(entry.promise);
		});
	}

	cancel(messageId = '') {
		this.#cancelled.add(messageId);
		if (!messageId) {
			this.replies.forEach((reply) => this.#cancelled.add(reply.id));
		}
		this.#sendCancels();
	}

	reconnect() {
		if (!this.#listening) {
			const { signal } = this.#listening = new AbortController();
			const wake = ({ type }) => this.#wake(type);
			globalThis.addEventListener?.('online', wake, { signal });
			globalThis.addEventListener?.('offline', wake, { signal });
			globalThis.document?.addEventListener('visibilitychange', wake, { signal });
		}
		if (!this.#socket) {
			this.#connect();
		}
	}

	close() {
		this.#end(1000);
	}

	// ---- connecting

	async #connect() {
		this.#drop();
		const attempt = this.#socket = {};
		let code = 'token_failed';
		try {
			// also gives those who have just made this object the time to listen
			await undefined;
			if (this.#socket === attempt) {
				this.#timer = setTimeout(() => this.#lost('connect_timeout'), this.#options.connectTimeout);
				this.#become('connecting');
				const token = await this.#options.getToken?.({ attempt: this.#attempt, refused: this.#refused });
				code = 'connection_failed';
				if (this.#socket === attempt) {
					this.#open(token);
				}
			}
		}
		catch (cause) {
			if (this.#socket === attempt) {
				this.#lost(code, cause?.message, undefined, cause);
			}
		}
	}

	#open(token) {
		const { WebSocket, tokenIn, ndjson } = this.#options;
		const url = new URL(this.#url);
		const protocols = ['resumable-ws.v1'];
		const query = {
			sessionId: this.sessionId,
			lastEventId: this.#resumeFrom(),
			epoch: this.epoch,
			frames: ndjson && 'ndjson',
			token: tokenIn === 'query' && token,
		};
		for (const name in query) {
			if (query[name]) {
				url.searchParams.set(name, query[name]);
			}
		}
		if (token && tokenIn !== 'query') {
			protocols.push(`jwt-${token}`);
		}
		const socket = this.#socket = new WebSocket(url.href, protocols);
		socket.onmessage = ({ data }) => {
			for (const line of data.split('\n')) {
				if (socket === this.#socket) {
					this.#receive(parse(line));
				}
			}
		};
		// some platforms do not tell of a close after a failure
		socket.onerror = socket.onclose = ({ code = 1006, reason }) => {
			if (socket === this.#socket) {
				this.#lost(reason || 'connection_lost', '', code);
			}
		};
	}

	#resumeFrom() {
		return Math.min(this.#loadFrom, this.lastEventId);
	}

	/** The connection, or the attempt, has come to nothing. */
	#lost(code, message, closeCode, cause) {
		const { maxDelay, minUptime } = this.#options;
		const final = FINAL_CLOSES.includes(closeCode);
		const error = new ResumableWebSocketError(code, message, final, closeCode, cause);
		const sent = this.#inFlight;
		if (performance.now() - this.#since >= minUptime) {
			this.#attempt = 0;
			this.#refused = false;
		}
		let delay = this.#restartDelay ?? this.#backOff(this.#attempt);
		if (closeCode === TOKEN_EXPIRED) {
			delay *= +this.#refused; // at once, unless the new token is no better
			this.#refused = true;
		}
		if (globalThis.navigator?.onLine === false) {
			delay = Infinity;
		}
		this.#drop();
		if (final) {
			this.#end(closeCode);
		}
		else {
			this.#attempt++;
			// browsers have been wrong about being offline
			this.#timer = setTimeout(() => this.#connect(), delay === Infinity ? maxDelay : delay);
			this.#become('waiting', { delay, code: closeCode });
		}
		if (sent && MESSAGE_CLOSES.includes(closeCode)) {
			this.#refuse(sent, new ResumableWebSocketError(code, 'The server does not take this message', true, closeCode));
		}
		else {
			emit(this, 'error', error);
		}
	}

	/** Forgets the connection, without waiting for a peer that may be dead to agree. */
	#drop() {
		const socket = this.#socket;
		clearTimeout(this.#timer);
		clearTimeout(this.#retryTimer);
		this.#since = Infinity;
		this.#socket = this.#inFlight = this.#restartDelay = this.#rewindTo = this.#hole = undefined;
		socket?.close?.();
	}

	#end(code) {
		this.#drop();
		this.#listening?.abort();
		this.#listening = undefined;
		if (this.status !== 'closed') {
			this.#become('closed', { code });
		}
	}

	#become(status, more) {
		this.status = status;
		this.#debug(status, more);
		emit(this, 'status', { status, attempt: this.#attempt, ...more });
	}

	/** The network has changed, or somebody looks. */
	#wake(type) {
		if (type === 'visibilitychange' && document.hidden) {
			return;
		}
		if (this.#since < Infinity) {
			this.#beat(PROBE_TIMEOUT);
		}
		else if (this.status === 'waiting' && navigator.onLine !== false) {
			this.#connect();
		}
	}

	/** Asks for a sign of life, and takes the connection for dead if none has come in time. */
	#beat(timeout) {
		clearTimeout(this.#timer);
		this.#heard = false;
		this.#put({ type: 'ping' });
		this.#timer = setTimeout(() => this.#heard ? this.#beat(this.#heartbeat) : this.#lost('silent'), timeout);
	}

	#put(message) {
		const open = this.#since < Infinity && this.#socket.readyState === 1;
		if (open) {
			this.#socket.send(JSON.stringify(message));
		}
		return open;
	}

	// ---- what the server says

	#receive(message) {
		this.#heard = true;
		this.#debug('received', message);
		if (!message) {
			return this.#lost('malformed');
		}
		const socket = this.#socket;
		emit(this, 'message', message);
		if (socket !== this.#socket) {
			return;
		}
		const { type, idempotency_key: key, code } = message;
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
			this.#flush();
		}
		else if (type === 'replay_complete') {
			this.#caughtUp(message);
		}
		else if (type === 'server_restarting') {
			this.#restartDelay = message.reconnect_after_ms;
		}
		else if (type === 'ack' && entry) {
			this.#settle(entry);
			this.#remember(entry, message.event_id);
			entry.resolve({ idempotencyKey: key, eventId: message.event_id, duplicate: !!message.duplicate });
			this.#flush();
		}
		else if (type === 'error') {
			if (code === 'unavailable') {
				this.#retryLater();
			}
			const error = new ResumableWebSocketError(code, message.message, entry && code !== 'unavailable');
			if (error.final) {
				this.#refuse(entry, error);
			}
			else {
				emit(this, 'error', error);
			}
		}
	}

	#begin({ session_id, resumed, reason, last_event_id, earliest_event_id, heartbeat_ms, connection_id, epoch, rewind_to }) {
		const previousSessionId = this.sessionId;
		// the server judges by where it was asked to go on, which may be before what the page has
		const ahead = resumed && (rewind_to ?? last_event_id) < this.lastEventId;
		if (ahead && this.epoch) {
			this.#loadFrom = Infinity;
			this.#connect();
			return;
		}
		let again = ahead;
		const gone = previousSessionId && (!resumed || ahead);
		this.sessionId = session_id;
		this.#since = performance.now();
		this.#heartbeat = heartbeat_ms ?? 25_000;
		this.reconnects += +this.#connected;
		this.#connected = true;
		this.epoch = epoch;
		this.#offerAgain(rewind_to);
		if (!resumed || ahead) {
			this.lastEventId = reason === DIVERGED ? rewind_to : 0;
			this.#loadFrom = Infinity;
		}
		this.#store(!resumed || ahead);
		if (session_id !== previousSessionId) {
			this.#acknowledged.clear();
			this.#outbox.forEach((entry) => this.#save(entry));
		}
		this.#beat(this.#heartbeat);
		this.#become('replaying');
		if (gone) {
			const replies = [...this.replies.values()];
			this.replies.clear();
			this.#cancelled.clear();
			replies.forEach((reply) => reply._fail({ code: 'gone', message: 'The session is gone' }));
			const diverged = reason === DIVERGED;
			if (!diverged || emit(this, 'rewind', { rewindTo: rewind_to }, true)) {
				if (diverged) {
					again = true;
					this.lastEventId = 0;
					this.#store(true);
				}
				emit(this, 'gone', { reason: reason ?? 'ahead_of_log', previousSessionId, sessionId: session_id });
			}
		}
		emit(this, 'open', {
			sessionId: session_id,
			resumed: resumed && !ahead,
			lastEventId: last_event_id,
			earliestEventId: earliest_event_id,
			connectionId: connection_id,
		});
		if (again) {
			this.#rewind(0);
		}
		this.#flush();
	}

	#take(event) {
		const { type, event_id: id, replay } = event;
		if (this.#rewindTo >= 0) {
			if (!this.#rewinding || !replay) {
				return; // comes again, after what is missing
			}
			this.#rewindTo = undefined;
		}
		const fresh = id > this.lastEventId;
		if (!this.#takeReply(event, fresh) || !fresh) {
			return;
		}
		this.replayed += +!!replay;
		emit(this, 'event', event);
		if (!OWN_EVENTS.includes(type)) {
			emit(this, type, event);
		}
		this.lastEventId = id;
		this.#store();
	}

	/** @returns false if something before the event is missing */
	#takeReply({ type, event_id, payload }, fresh) {
		const { message_id: id, supersedes, offset = 0, content = '' } = payload;
		const kind = id && type.match(/^assistant_(started|delta|message|failed)$/)?.[1];
		if (!kind) {
			return true;
		}
		let reply = this.replies.get(id);
		const length = reply?._length ?? 0;
		if (!reply && kind !== 'started' && !fresh) {
			return true; // of a reply that has ended
		}
		if (kind === 'delta' && offset > length && this.#hole !== id + length) {
			this.#hole = id + length;
			this.#rewind(reply?._at ?? 0);
			return false;
		}
		const superseded = this.replies.get(supersedes);
		this.replies.delete(supersedes);
		const again = !reply && superseded;
		reply ??= superseded ?? new Reply(id, payload.in_reply_to, event_id - 1, (messageId) => this.cancel(messageId));
		this.replies.set(id, reply);
		reply._at = event_id;
		if (fresh) {
			this.#announce(reply);
		}
		if (again) {
			reply._restart(id);
			if (this.#cancelled.delete(supersedes)) {
				this.cancel(id);
			}
		}
		if (kind === 'delta') {
			reply._length = Math.max(length, offset + content.length);
			reply._say(content.slice(Math.max(0, length - offset)));
		}
		else if (kind !== 'started') {
			this.replies.delete(id);
			this.#cancelled.delete(id);
			reply[kind === 'message' ? '_complete' : '_fail'](payload);
		}
		return true;
	}

	#announce(reply) {
		if (!reply._known) {
			reply._known = true;
			emit(this, 'reply', reply);
		}
	}

	/** Asks for all after an event once more; at the end of a replay, since within one it would not be told what is new. */
	#rewind(lastEventId) {
		this.#rewindTo = lastEventId;
		this.#rewinding = this.status === 'open';
		if (this.#rewinding) {
			this.#become('replaying');
			this.#put({ type: 'resume', lastEventId, epoch: this.epoch });
		}
	}

	#caughtUp({ last_event_id, count }) {
		if (this.#rewindTo >= 0 && !this.#rewinding) {
			this.#rewinding = true;
			this.#put({ type: 'resume', lastEventId: this.#rewindTo, epoch: this.epoch });
			return;
		}
		this.#rewindTo = undefined;
		this.#loadFrom = Infinity;
		this.#become('open');
		this.replies.forEach((reply) => this.#announce(reply));
		this.#cancelled.forEach((id) => id && !this.replies.has(id) && this.#cancelled.delete(id));
		this.#sendCancels();
		emit(this, 'replaycomplete', { lastEventId: last_event_id, count });
	}

	// ---- what the page says

	#enqueue(key, text, time) {
		const entry = { key, text, time: this.#time = Math.max(time, this.#time + 1) };
		entry.promise = quiet((resolve, reject) => Object.assign(entry, { resolve, reject }));
		this.#outbox.set(key, entry);
		return entry;
	}

	/** Sends the oldest message, and the next when that is settled: no message passes one that has to be sent again. */
	#flush() {
		const [entry] = this.#outbox.values();
		if (entry && !this.#inFlight && this.#since < Infinity && this.#socket.readyState === 1) {
			this.#inFlight = entry;
			this.#socket.send(entry.text);
		}
	}

	#retryLater() {
		clearTimeout(this.#retryTimer);
		this.#retryTimer = setTimeout(() => {
			this.#inFlight = undefined;
			this.#flush();
			this.#sendCancels();
		}, this.#backOff(this.#retries++));
	}

	/** A random delay of at least minDelay, below a limit that doubles: clients of a node that is gone do not come back in step. */
	#backOff(failures) {
		const { minDelay, maxDelay } = this.#options;
		const limit = Math.min(maxDelay, minDelay * 2 ** (failures + 1));
		return Math.min(minDelay, limit) + Math.random() * Math.max(0, limit - minDelay);
	}

	#settle(entry) {
		this.#retries = 0;
		this.#outbox.delete(entry.key);
		if (this.#inFlight === entry) {
			this.#inFlight = undefined;
		}
		this.#keep((storage) => storage.removeItem(`${this.#prefix} ${entry.key}`));
	}

	/** The server may lose what it has acknowledged: a database that fails over to a standby may lack the last commits. */
	#remember(entry, eventId) {
		this.#acknowledged.set(entry.key, Object.assign(entry, { eventId, at: performance.now() }));
		for (const { key, at } of this.#acknowledged.values()) {
			if (this.#acknowledged.size > KEPT_MESSAGES || at < entry.at - KEPT_TIME) {
				this.#acknowledged.delete(key);
			}
		}
	}

	/** Sends again, first, what is lost, or may be: its keys keep it from being handled twice. */
	#offerAgain(rewindTo) {
		const lost = [...this.#acknowledged].filter(([, { eventId }]) => rewindTo >= 0 && !(eventId <= rewindTo));
		if (lost.length) {
			this.#outbox = new Map([...lost, ...this.#outbox]);
			lost.forEach(([key, entry]) => {
				this.#acknowledged.delete(key);
				this.#save(entry);
			});
		}
	}

	#refuse(entry, error) {
		this.#settle(entry);
		entry.reject(error);
		emit(this, 'error', error);
		this.#flush();
	}

	#sendCancels() {
		for (const id of this.#cancelled) {
			if (this.#put({ type: 'cancel', message_id: id || undefined }) && !id) {
				this.#cancelled.delete(id);
			}
		}
	}

	// ---- what is kept

	#load({ sessionId, lastEventId, epoch: known }) {
		this.#keep((storage) => {
			const [session, cursor, from, epoch] = parse(storage.getItem(this.#prefix)) ?? [];
			if (session && (sessionId === undefined || sessionId === session)) {
				this.sessionId = session;
				this.lastEventId = cursor;
				this.#loadFrom = from;
				this.epoch = epoch ?? undefined;
			}
		});
		this.sessionId ??= sessionId ?? null;
		this.epoch = known ?? this.epoch;
		this.lastEventId = this.sessionId && (lastEventId ?? this.lastEventId) || 0;
		this.#keep((storage) => {
			const found = [];
			for (let i = 0; i < storage.length; i++) {
				const name = storage.key(i);
				const key = name?.startsWith(`${this.#prefix} `) && name.slice(this.#prefix.length + 1);
				const [time, session, text] = key && parse(storage.getItem(name)) || [];
				if (text && (!session || session === this.sessionId)) {
					found.push([time, key, text]);
				}
			}
			found.sort(([a], [b]) => a - b).forEach(([time, key, text]) => this.#enqueue(key, text, time));
		});
	}

	/** @param {boolean} reset whether the cursor may go back; other tabs may be ahead of this one */
	#store(reset) {
		this.#keep((storage) => {
			const [session, cursor] = parse(storage.getItem(this.#prefix)) ?? [];
			if (reset || session !== this.sessionId || cursor < this.lastEventId) {
				const from = Math.min(this.#resumeFrom(), ...[...this.replies.values()].map((reply) => reply._after));
				storage.setItem(this.#prefix, JSON.stringify([this.sessionId, this.lastEventId, from, this.epoch]));
			}
		});
	}

	#save({ key, time, text }) {
		this.#keep((storage) => storage.setItem(`${this.#prefix} ${key}`, JSON.stringify([time, this.sessionId, text])));
	}

	/** Storage may be forbidden or full. */
	#keep(action) {
		try {
			action(this.#storage);
		}
		catch (error) {
			this.#debug('not kept', error);
		}
	}

	#debug(...what) {
		if (this.#options.debug) {
			console.debug('resumable-ws', ...what);
		}
	}

}
