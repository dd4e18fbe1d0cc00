/** Where a client keeps what must survive a reload. Methods may throw: the client then goes on in memory. */
export interface ClientStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
}

export interface ResumableWebSocketOptions {
	/**
	 * Gives the token for an attempt to connect; called anew for each. Without it no token is sent: for a cookie that the server reads.
	 * `refused` says that the server did not accept the last token (close code 4401).
	 */
	getToken?: (attempt: { attempt: number; refused: boolean }) => string | Promise<string>;
	/** Where the token goes: the subprotocol header (the default), which no access log shows, or the query. */
	tokenIn?: 'subprotocol' | 'query';
	/** `session` (sessionStorage, the default: a tab), `local` (localStorage: a browser), `memory` (a page), or one's own. */
	storage?: 'session' | 'local' | 'memory' | ClientStorage;
	/** Tells apart what several clients of one page keep in storage. Default: `default`. */
	name?: string;
	/** The session to join, instead of the stored one; `null`: a new one. */
	sessionId?: string | null;
	/** The last event this page has, instead of the stored cursor. A page that keeps nothing itself says 0 and gets the whole session again. */
	lastEventId?: number;
	/** Whether several messages may come in one frame. Default: true. */
	ndjson?: boolean;
	/** Back-off in ms: full jitter below `minDelay * 2 ** attempt`, at most `maxDelay`. Defaults: 250 and 30000. */
	minDelay?: number;
	maxDelay?: number;
	/** How long a connection must have lived, in ms, before the back-off begins anew. Default: 5000. */
	minUptime?: number;
	/** How long to wait for a connection's `session_init`, in ms. Default: 10000. */
	connectTimeout?: number;
	/** Longest outbox; `send` rejects with `outbox_full` beyond. Default: 100. */
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
	/** With `waiting`: ms until the next attempt; `Infinity` while the browser says it is offline. */
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

/** The server could not resume: drop what was rebuilt; what comes next starts over. */
export interface GoneDetail {
	reason: 'unknown_session' | 'ahead_of_log' | 'history_truncated' | string;
	/** The session that is gone, and the one that is used from now on. */
	previousSessionId: string;
	sessionId: string;
}

/** What went wrong: with a message, an attempt, or the connection. `code` is the server's code, a close code's name, or one of the client's own. */
export class ResumableWebSocketError extends Error {
	readonly code: string;
	/** Whether nothing will come of it any more. */
	readonly final: boolean;
	readonly closeCode?: number;
}

/** What `send` resolves to. */
export interface Acknowledged {
	idempotencyKey: string;
	eventId: number;
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
	/** The event it answers. */
	readonly inReplyTo: number;
	readonly text: string;
	readonly attempt: number;
	readonly status: 'running' | 'done' | 'failed';
	/** With `done`: `stop`, `length`, `cancelled`, … */
	readonly finishReason?: string;
	readonly usage?: unknown;
	/** With `failed`. */
	readonly error?: ResumableWebSocketError;
	/** Resolves with the whole text; rejects when the reply has failed. */
	readonly finished: Promise<string>;
	/** Asks the server to stop; sent again until the reply has ended, after a reconnect, too. */
	cancel(): void;
}

/**
 * A WebSocket that resumes. DOM events: `open` ({@link OpenDetail}), `event` ({@link SessionEvent}) and one event named as each event type (`user_message`, …),
 * `reply` ({@link Reply}, when one begins), `status` ({@link StatusDetail}), `replaycomplete` ({lastEventId, count}), `gone` ({@link GoneDetail}), `error`
 * ({@link ResumableWebSocketError}), `message` (every server message, control messages too). All are `CustomEvent`s, their value is `detail`.
 */
export class ResumableWebSocket extends EventTarget {
	/** Connects at once. `url` may be relative to the page, and http(s) for ws(s). */
	constructor(url: string | URL, options?: ResumableWebSocketOptions);
	readonly status: Status;
	readonly sessionId: string | null;
	/** The last event whose listeners have returned. */
	readonly lastEventId: number;
	/** Connections after the first. */
	readonly reconnects: number;
	/** Events received as a replay, over all connections. */
	readonly replayed: number;
	/** Messages that wait for their acknowledgement. */
	readonly pending: number;
	/** Replies that run. */
	readonly replies: ReadonlyMap<string, Reply>;
	/** Says something; `send({type: 'user_message', content})`. */
	say(content: string): Promise<Acknowledged>;
	/** Sends a message once, however often the connection breaks: gives it an `idempotency_key` unless it has one. Resolves on `ack`, rejects on a final refusal. */
	send(message: { type: string; [field: string]: unknown }): Promise<Acknowledged>;
	/** Stops a reply, or all of the session. */
	cancel(messageId?: string): void;
	/** Connects again at once, if it waits; or again after `close()`. */
	reconnect(): void;
	/** Closes for good. What is unacknowledged stays in storage. */
	close(): void;
}
