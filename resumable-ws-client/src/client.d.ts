/**
 * Where a client keeps what must survive a reload: the session's id, the cursor, and each message that is not yet acknowledged, under a key of its own.
 * Methods may throw: the client then goes on in memory. A `Storage` of the browser's is one.
 */
export interface ClientStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
	/** How many keys there are, and the n-th of them. Without these, messages that wait are not found after a reload. */
	readonly length?: number;
	key?(index: number): string | null;
}

export interface ResumableWebSocketOptions {
	/**
	 * Gives the token for an attempt to connect; called anew for each. Without it no token is sent: for a cookie that the server reads.
	 * `refused` says that the server did not accept the last token (close code 4401).
	 */
	getToken?: (attempt: { attempt: number; refused: boolean }) => string | Promise<string>;
	/** Where the token goes: the subprotocol header (the default), which no access log shows, or the query, where the server must be configured to look for it (`resumable-ws.auth.token-sources`). Any JWT can go either way. */
	tokenIn?: 'subprotocol' | 'query';
	/** `session` (sessionStorage, the default: a tab), `local` (localStorage: a browser), `memory` (a page), or one's own. */
	storage?: 'session' | 'local' | 'memory' | ClientStorage;
	/** Tells apart what several clients keep in one storage: those of other sessions, and of other users. Default: `default`. */
	name?: string;
	/** The session to join, instead of the stored one; `null`: a new one. */
	sessionId?: string | null;
	/**
	 * The last event this page has, instead of the stored cursor. A page that keeps nothing itself says 0 and gets the whole session again.
	 * Without it, and without a stored cursor of that session: 0.
	 */
	lastEventId?: number;
	/** The `epoch` that belongs to `lastEventId`, for a page that keeps both itself. */
	epoch?: string;
	/** Whether several messages may come in one frame. Default: true. */
	ndjson?: boolean;
	/** Back-off in ms: random from `minDelay` to a limit that doubles with each attempt, at most `maxDelay`. Defaults: 500 and 30000. */
	minDelay?: number;
	maxDelay?: number;
	/** How long a connection must have lived, in ms, before the back-off begins anew. Default: 5000. */
	minUptime?: number;
	/** How long an attempt may take, from the request for a token to the connection's `session_init`, in ms. Default: 10000. */
	connectTimeout?: number;
	/** Most messages that may wait for their acknowledgement; `send` rejects with `outbox_full` beyond. Default: 100. */
	maxOutbox?: number;
	/** The WebSocket class, where there is none of the platform's. */
	WebSocket?: typeof WebSocket;
	/** Whether to write to the console what happens; otherwise nothing ever is. */
	debug?: boolean;
}

/** `idle` before the start, `waiting` for the next attempt, `replaying` until `replaycomplete`, `closed` for good. */
export type Status = 'idle' | 'connecting' | 'replaying' | 'open' | 'waiting' | 'closed';

export interface StatusDetail {
	status: Status;
	/** Attempts since the last connection that lived long enough. */
	attempt: number;
	/**
	 * With `waiting`: ms until the next attempt; `Infinity` while the browser says it is offline. Browsers have been wrong about that, so there is an
	 * attempt each `maxDelay` all the same.
	 */
	delay?: number;
	/** The close code that led here. */
	code?: number;
}

/** A durable event. */
export interface SessionEvent<P = any> {
	type: string;
	event_id: number;
	payload: P;
	created_at: string;
	replay?: boolean;
}

export interface OpenDetail {
	sessionId: string;
	resumed: boolean;
	lastEventId: number;
	earliestEventId: number;
	connectionId: string;
}

/**
 * The server could not resume: drop what was rebuilt; what comes next starts over. Replies that ran have failed with the code `gone`. Messages that wait for
 * their acknowledgement are kept, and go to the session that is used from now on.
 */
export interface GoneDetail {
	reason: 'unknown_session' | 'ahead_of_log' | 'history_truncated' | 'history_diverged' | string;
	/** The session that is gone, and the one that is used from now on. */
	previousSessionId: string;
	sessionId: string;
}

/**
 * The server has lost events that this page has had: its database failed over to a standby, or was restored. A page that can drop all that came from events after
 * `rewindTo` does so, and calls `preventDefault()`: the client continues from there. Otherwise `gone` follows, and the whole session comes again.
 * Replies that ran have failed with the code `gone`. Messages that were acknowledged and may be lost are sent again.
 */
export interface RewindDetail {
	rewindTo: number;
}

/**
 * What went wrong: with a message, an attempt, or the connection. `code` is the server's code, a close code's name (`heartbeat_missed`), or one of the client's
 * own: `connection_lost`, `connect_timeout`, `silent`, `malformed`, `token_failed` and `connection_failed` (with a `cause`), `invalid`, `outbox_full`, `gone`.
 */
export class ResumableWebSocketError extends Error {
	readonly code: string;
	/** Whether nothing will come of it any more. */
	readonly final: boolean;
	readonly closeCode?: number;
}

/** What `send` resolves to. */
export interface Acknowledged {
	idempotencyKey: string;
	/** The event a `user_message` was stored as; messages of other types are none. */
	eventId?: number;
	/** Whether the server had it already: an acknowledgement was lost. */
	duplicate: boolean;
}

/**
 * A reply as it is said. A takeover (`supersedes`) begins the same object anew: `text` starts over, `attempt` grows, a `reset` event is dispatched, and the iterator yields
 * on from there; so a page that shows `text` is always right.
 * DOM events: `delta` (detail: the piece), `reset`, `end`.
 */
export interface Reply extends EventTarget, AsyncIterable<string> {
	/** The present attempt's message id. */
	readonly id: string;
	/** The event it answers; not known of a reply whose beginning was before what the page has. */
	readonly inReplyTo?: number;
	readonly text: string;
	readonly attempt: number;
	readonly status: 'running' | 'done' | 'failed';
	/** With `done`: `stop`, `length`, `cancelled`, … */
	readonly finishReason?: string;
	readonly usage?: unknown;
	/** With `failed`. */
	readonly error?: ResumableWebSocketError;
	/** Resolves with the whole text; rejects when the reply has failed. Pending as long as neither is known: for ever, if the client is closed for good. */
	readonly finished: Promise<string>;
	/** Asks the server to stop; sent again until the reply has ended, after a reconnect, too. */
	cancel(): void;
}

/** The DOM events of a client. All are `CustomEvent`s: their value is `detail`. */
export interface ResumableWebSocketEvents {
	/** A connection is there, and its session known. */
	open: OpenDetail;
	/** A durable event that this page has not had. Also dispatched under the name of its type, unless that is one of these names. */
	event: SessionEvent;
	/** A reply begins; after a reload, also one that began before. */
	reply: Reply;
	status: StatusDetail;
	/** All that was in the log when the connection was made has been dispatched. Comes again after missing events were asked for. */
	replaycomplete: { lastEventId: number; count: number };
	/** Cancelable. */
	rewind: RewindDetail;
	gone: GoneDetail;
	/** For information: what is not `final` is tried again without anybody's doing. */
	error: ResumableWebSocketError;
	/** Every message of the server, as it came: control messages, and events that are repeats. */
	message: { type: string; [field: string]: any };
}

/**
 * A WebSocket that resumes. Its DOM events are {@link ResumableWebSocketEvents}, and one named as each event type (`user_message`, …). An exception in a listener
 * is reported by the platform, and the event counts as processed.
 */
export class ResumableWebSocket extends EventTarget {
	/** Connects soon: listeners that are added in the same task miss nothing. `url` may be relative to the page, and http(s) for ws(s). */
	constructor(url: string | URL, options?: ResumableWebSocketOptions);
	readonly status: Status;
	readonly sessionId: string | null;
	/** The last event whose listeners have returned. */
	readonly lastEventId: number;
	/** Which history of the log the last event belongs to, in the server's words. */
	readonly epoch?: string;
	/** Connections after the first. */
	readonly reconnects: number;
	/** Events received as a replay, over all connections, without those the page had. */
	readonly replayed: number;
	/** Messages that wait for their acknowledgement. */
	readonly pending: number;
	/** Replies that run, by message id. */
	readonly replies: ReadonlyMap<string, Reply>;
	/** Says something; `send({type: 'user_message', content})`. */
	say(content: string): Promise<Acknowledged>;
	/**
	 * Sends a message once, however often the connection breaks, or the page is loaded anew: gives it an `idempotency_key` (a UUID) unless it has one. Messages go
	 * one after the other; each waits for the acknowledgement of the one before. Resolves on `ack`, rejects on a final refusal: `malformed`, `invalid`,
	 * `unknown_type`, `quota_exceeded`, `failed` (the page may send it again, with the same key), or a close because of the message. What is `unavailable` is sent again later.
	 */
	send(message: { type: string; idempotency_key?: string; [field: string]: unknown }): Promise<Acknowledged>;
	/** Stops a reply, or all of the session. */
	cancel(messageId?: string): void;
	/** Connects again at once, if it waits; or again after `close()`, or after a close that was final. */
	reconnect(): void;
	/** Closes for good, and leaves no timer or listener. What is unacknowledged stays in storage. */
	close(): void;

	addEventListener<K extends keyof ResumableWebSocketEvents>(
		type: K,
		listener: ((event: CustomEvent<ResumableWebSocketEvents[K]>) => void) | null,
		options?: boolean | AddEventListenerOptions,
	): void;
	addEventListener(
		type: string,
		listener: ((event: CustomEvent<SessionEvent>) => void) | EventListenerObject | null,
		options?: boolean | AddEventListenerOptions,
	): void;
}
