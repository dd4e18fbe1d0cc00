// The types of the client's API. client.js is checked against them, and client.d.ts is generated from it.

/** An error of the client. The client throws and dispatches instances of `ResumableWebSocketError`, which implements this interface. */
export interface ClientError extends Error {
	/** One of `ErrorCode` in `resumable-ws-client/codes`, or the name of a close code in lower case. */
	code: string;
	/** Whether the client stops retrying. */
	final: boolean;
	/** The close code of the connection. */
	closeCode: number | undefined;
}

/**
 * Stores the state that must survive a reload: the session id, the cursor, and each unacknowledged message under its own key. A browser's `Storage`
 * implements it. Methods may throw; the client then continues in memory.
 */
export interface ClientStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
	/** The number of keys, and the n-th key. Without these, waiting messages are not found after a reload. */
	readonly length?: number;
	key?(index: number): string | null;
}

/** The part of a WebSocket that the client uses. The platform's class and that of the `ws` package implement it. */
export interface WebSocketLike {
	onopen: ((event: any) => void) | null;
	onmessage: ((event: any) => void) | null;
	onerror: ((event: any) => void) | null;
	onclose: ((event: any) => void) | null;
	send(data: string): void;
	close(code?: number, reason?: string): void;
}

/** How messages are exchanged: over a WebSocket, server-sent events and POST, or long polling and POST. */
export type Transport = 'websocket' | 'sse' | 'longpoll';

export type WebSocketClass = new (url: string, protocols: string[]) => WebSocketLike;

export interface TokenRequest {
	/** The number of failed attempts since the last connection that lived long enough. */
	attempt: number;
	/** Whether the server rejected the last token. If so, do not return a cached token. */
	refused: boolean;
	/** Aborted when the attempt is abandoned, after `connectTimeout` or by `close()`. */
	signal: AbortSignal;
}

/** An absolute URL or one relative to the page, with ws, wss, http or https; or a function that returns it for each attempt. */
export type UrlSource = string | URL | ((request: { attempt: number; signal: AbortSignal }) => string | URL | Promise<string | URL>);

export interface ResumableWebSocketOptions {
	/** Returns the token of an attempt to connect. Without this option, no token is sent, for example if the server reads a cookie. */
	getToken?: (request: TokenRequest) => string | undefined | Promise<string | undefined>;
	/**
	 * How the token is sent: in the subprotocol header (default), which no access log shows; in the query, or as the first message, if
	 * `resumable-ws.auth.token-sources` has `query` or `message`.
	 */
	tokenIn?: 'subprotocol' | 'query' | 'message';
	/**
	 * The transports to use, in order of preference. Default: all three. If a transport does not work although the server responds, the client uses the next
	 * one. It remembers that for a minute, and for up to half an hour if it happens again, and then tries the first one again. With a single transport there
	 * is no fallback.
	 */
	transports?: readonly Transport[];
	/**
	 * Where the session id, the cursor and unacknowledged messages are stored. `session` (default): the id and the cursor in sessionStorage, for each tab; the
	 * messages in localStorage. `local`: all in localStorage. `memory`: nothing survives the page. Or a storage object that holds everything.
	 */
	storage?: 'session' | 'local' | 'memory' | ClientStorage;
	/** Separates what clients store: give each user a name. Default: `default`. */
	name?: string;
	/** The events to dispatch after a reload: the whole `session` (default), or only events after the stored `cursor`, for pages that keep their state. */
	resume?: 'session' | 'cursor';
	/** The session to join instead of the stored one; `null`: a new one. */
	sessionId?: string | null;
	/** The last event that the page has processed; overrides `resume`. */
	lastEventId?: number;
	/** The `epoch` of `lastEventId`, for a page that stores both itself. */
	epoch?: string;
	/** Whether the server may send several messages in one frame. Default: true. */
	ndjson?: boolean;
	/** Back-off in ms: random from `minDelay` to a limit that begins at twice that and grows by a quarter with each attempt, up to `maxDelay`. Defaults: 500 and 30000. */
	minDelay?: number;
	maxDelay?: number;
	/** Minimum lifetime of a connection, in ms, after which the back-off is reset. Default: 5000. */
	minUptime?: number;
	/** Time limit of an attempt, in ms: from the call of `getToken` to `session_init`. Default: 10000. */
	connectTimeout?: number;
	/** Limit of waiting messages; `send` rejects with `outbox_full` beyond. Default: 100. */
	maxOutbox?: number;
	/** The WebSocket class, for platforms without one. */
	WebSocket?: WebSocketClass;
	/** Whether to dispatch `presence` with the connections of the session. Default: false. */
	presence?: boolean;
	/** Whether to log to the console. */
	debug?: boolean;
}

/** `idle` before the start, `waiting` for the next attempt, `replaying` until `replaycomplete`, `closed` until `reconnect()`. */
export type Status = 'idle' | 'connecting' | 'replaying' | 'open' | 'waiting' | 'closed';

export interface StatusDetail {
	status: Status;
	/** Failed attempts since the last connection that lived long enough. */
	attempt: number;
	/**
	 * With `waiting`: ms until the next attempt. `Infinity` while the browser reports being offline. Because that report can be wrong, the client still tries
	 * after `maxDelay`.
	 */
	delay?: number;
	/** The close code that led here. */
	code?: number;
	/**
	 * With `waiting` and `closed`: the code of the error that led here. `sign_in_refused`: the endpoint responds but rejects connections, most likely because of
	 * the token. `token_failed`: `getToken` failed, or did not return a token. `connection_lost`, `connect_timeout`, `silent`: the network.
	 */
	reason?: string;
}

/** A durable event. */
export interface SessionEvent<P = any> {
	type: string;
	event_id: number;
	payload: P;
	created_at: string;
	replay?: boolean;
}

/** An event that is not stored and only sent to the current connections. */
export interface EphemeralEvent<P = any> {
	type: string;
	ephemeral: true;
	payload: P;
}

/** A connection of the session. */
export interface Member {
	connection_id: string;
	user_id: string;
}

/** The connections of the session. */
export interface PresenceDetail {
	type: 'presence';
	/** Whether `joined` holds all connections and replaces the previous state. Set on the first event after each `open`. */
	complete?: true;
	joined: Member[];
	left: Member[];
}

export interface OpenDetail {
	sessionId: string;
	resumed: boolean;
	lastEventId: number;
	earliestEventId: number;
	connectionId: string;
}

/**
 * The server could not resume the session: discard the rebuilt state, because the next events start from the beginning. Running replies have failed with the
 * code `gone`. Waiting messages move to the new session; a listener can withdraw them.
 */
export interface GoneDetail {
	reason: 'unknown_session' | 'ahead_of_log' | 'history_truncated' | 'history_diverged' | (string & {});
	previousSessionId: string;
	/** The new session. */
	sessionId: string;
}

/**
 * The server has lost events that this page has processed, because its database failed over to a standby or was restored. A page that can revert the events
 * after `rewindTo` does so and calls `preventDefault()`: the client then continues from there. Otherwise `gone` follows, and the whole session is dispatched
 * again.
 * Running replies have failed with the code `gone`. Acknowledged messages that may be lost are resent.
 */
export interface RewindDetail {
	rewindTo: number;
}

/** A message for the application's handler of its type. */
export interface ClientMessage {
	type: string;
	/** A UUID; generated by the client if absent. */
	idempotency_key?: string;
	[field: string]: unknown;
}

/** The result of `send`. */
export interface Acknowledged {
	idempotencyKey: string;
	/** The event that stores a `user_message`. Messages of other types are not stored as events. */
	eventId?: number;
	/** Whether the server had already stored the message, because an acknowledgement was lost. */
	duplicate: boolean;
}

/** A message that is waiting for its acknowledgement. */
export interface WaitingMessage {
	/** Its `idempotency_key`, which the `user_message` event also has. */
	readonly key: string;
	readonly message: ClientMessage;
	/** The time at which the page sent it, in ms since 1970. */
	readonly time: number;
	/** The promise of `send`, or an equivalent one after a reload. */
	readonly promise: Promise<Acknowledged>;
}

/** Unsent messages in the storage. */
export interface UnsentMessages {
	/** Their session; `null` if they wait for a new one. */
	sessionId: string | null;
	count: number;
}

export interface ReplyEvents {
	/** Text was added; the detail is the added text. */
	delta: string;
	/** Another attempt starts, and the text is empty again. */
	reset: undefined;
	/** `status` is no longer `running`. */
	end: undefined;
}

/**
 * A reply while it is streamed. When another node takes it over, the same object is reset: `text` is empty, `attempt` is incremented, and `reset` is
 * dispatched. Iterating yields the whole text so far after each change.
 */
export interface Reply extends TypedEventTarget<ReplyEvents>, AsyncIterable<string> {
	/** The message id of the present attempt. */
	readonly id: string;
	/** The event that it answers; unknown if the reply started before the first event of the page. */
	readonly inReplyTo?: number;
	readonly text: string;
	readonly attempt: number;
	readonly status: 'running' | 'done' | 'failed';
	/** Whether it is being cancelled. */
	readonly cancelling: boolean;
	/** With `done`: `stop`, `length`, `cancelled`, … */
	readonly finishReason?: string;
	readonly usage?: Record<string, number>;
	/** With `failed`. */
	readonly error?: ClientError;
	/** Resolves with the whole text. Rejects when the reply fails, and with `closed` when the client is closed; `reconnect()` replaces the promise. */
	readonly finished: Promise<string>;
	/** Cancels the reply. Without a connection, the client cancels it after it has reconnected. */
	cancel(): void;
}

/** A message of the server as received. */
export interface ServerMessage {
	type: string;
	[field: string]: any;
}

/** The DOM events of a client. All are `CustomEvent`s; this is the type of `detail`. */
export interface ResumableWebSocketEvents {
	/** The connection is open, and its session is known. */
	open: OpenDetail;
	/** A durable event that is new to this page. Also dispatched under the name of its type, unless that is one of these names. */
	event: SessionEvent;
	/** A reply starts. After a reload, also dispatched for a running reply. */
	reply: Reply;
	status: StatusDetail;
	/** All events that were in the log when the connection opened have been dispatched. Dispatched again after missing events were fetched. */
	replaycomplete: { lastEventId: number; count: number };
	/** The waiting messages have changed. */
	outbox: WaitingMessage[];
	/** Cancelable. */
	rewind: RewindDetail;
	gone: GoneDetail;
	/** For information: the client retries automatically unless the error is `final`. */
	error: ClientError;
	/** With the option `presence`. */
	presence: PresenceDetail;
	/** Every message of the server, including control messages and repeated events. */
	message: ServerMessage;
}

/** Payloads of the durable events that every server has, by type. */
export interface StandardEvents {
	user_message: { content: string; idempotency_key: string };
	assistant_started: { message_id: string; in_reply_to: number; supersedes?: string };
	assistant_delta: { message_id: string; offset: number; content: string };
	assistant_message: { message_id: string; content: string; finish_reason: string; usage?: Record<string, number> };
	assistant_failed: { message_id: string; code: string; message: string };
}

/**
 * All DOM events of a client whose application publishes events of the types `E`: names to types of `detail`. Types that are an `EphemeralEvent` in `E` are
 * ephemeral events; for all others, `E` has the payload type.
 */
export type ClientEvents<E> = ResumableWebSocketEvents & {
	[K in Exclude<keyof E | keyof StandardEvents, keyof ResumableWebSocketEvents>]:
		K extends keyof E ? E[K] extends EphemeralEvent ? E[K] : SessionEvent<E[K]> : K extends keyof StandardEvents ? SessionEvent<StandardEvents[K]> : never;
};

type Listener<D> = ((event: CustomEvent<D>) => void) | { handleEvent(event: CustomEvent<D>): void } | null;

export interface TypedEventTarget<M> extends EventTarget {
	addEventListener<K extends keyof M & string>(type: K, listener: Listener<M[K]>, options?: boolean | AddEventListenerOptions): void;
	addEventListener(type: string, listener: Listener<SessionEvent>, options?: boolean | AddEventListenerOptions): void;
	addEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void;
	removeEventListener<K extends keyof M & string>(type: K, listener: Listener<M[K]>, options?: boolean | EventListenerOptions): void;
	removeEventListener(type: string, listener: Listener<SessionEvent>, options?: boolean | EventListenerOptions): void;
	removeEventListener(type: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | EventListenerOptions): void;
}

/** A message of a client. */
export interface Draft {
	key: string;
	message: ClientMessage;
	time: number;
	/** Whether it may have reached the server. */
	sent?: boolean;
}

/** The stored form of a message. */
export interface Stored extends Draft {
	session: string | null;
	/** The client that is responsible for sending it. */
	owner: string;
	/** The time at which the owner was last active, in ms since 1970; 0 if it has released the message. */
	seen: number;
}

/** A message in a client's outbox. */
export interface Entry extends Draft {
	promise: Promise<Acknowledged>;
	resolve: (acknowledged: Acknowledged) => void;
	reject: (reason: unknown) => void;
	saved?: boolean;
	cancelling?: boolean;
	/** The event that stores it, and the time of its acknowledgement. */
	eventId?: number;
	at?: number;
}

/** A promise with its resolve and reject functions. */
export interface Deferred<T> {
	promise: Promise<T>;
	resolve: (value: T) => void;
	reject: (reason: unknown) => void;
}

/** The mutable form of a reply. */
export type RunningReply = { -readonly [K in keyof Reply]: Reply[K] } & Deferred<string> & {
	/** The length of the text as counted by the server; greater than that of the text only if the log has lost its beginning. */
	_length: number;
	/** The first and the last event of the reply. */
	_start: number;
	_at?: number;
	/** Whether it was dispatched to the page. */
	_known?: boolean;
};
