// The types of the client's API. client.js is checked against them, and client.d.ts is generated from it.

/** What went wrong; the client throws and dispatches `ResumableWebSocketError`s, which are these. */
export interface ClientError extends Error {
	/** One of `ErrorCode` in `resumable-ws-client/codes`, or the name of a close code in lower case. */
	code: string;
	/** Whether the client does not try again. */
	final: boolean;
	/** The code that the connection was closed with. */
	closeCode: number | undefined;
}

/**
 * Stores what must survive a reload: the session id, the cursor, and each message that is not acknowledged, under its own key. A `Storage` of the
 * browser is one. Methods may throw; the client then continues in memory.
 */
export interface ClientStorage {
	getItem(key: string): string | null;
	setItem(key: string, value: string): void;
	removeItem(key: string): void;
	/** The number of keys, and the n-th key. Without these, waiting messages are not found after a reload. */
	readonly length?: number;
	key?(index: number): string | null;
}

/** The part of a WebSocket that the client uses; the class of the platform and that of the `ws` package have it. */
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
	/** Whether the server did not accept the last token. Do not return a cached token then. */
	refused: boolean;
	/** Aborted when the attempt is given up: after `connectTimeout`, and by `close()`. */
	signal: AbortSignal;
}

/** An absolute URL or one relative to the page, with ws, wss, http or https; or a function that returns it for each attempt. */
export type UrlSource = string | URL | ((request: { attempt: number; signal: AbortSignal }) => string | URL | Promise<string | URL>);

export interface ResumableWebSocketOptions {
	/** Returns the token of an attempt to connect. Without it no token is sent: for a cookie that the server reads. */
	getToken?: (request: TokenRequest) => string | undefined | Promise<string | undefined>;
	/**
	 * How the token is sent: in the subprotocol header (default), which no access log shows; in the query, or as the first message, if
	 * `resumable-ws.auth.token-sources` has `query` or `message`.
	 */
	tokenIn?: 'subprotocol' | 'query' | 'message';
	/**
	 * The transports to use, in the order of preference. Default: all three. The client uses the next one while the one before does not work although the server
	 * answers, remembers that for a minute, and up to half an hour if it happens again, and then tries the first one. One transport: only that.
	 */
	transports?: readonly Transport[];
	/**
	 * Where the session id, the cursor and unacknowledged messages are stored. `session` (default): the id and the cursor in sessionStorage, for each tab; the
	 * messages in localStorage. `local`: all in localStorage. `memory`: nothing outlives the page. Or a storage that holds all.
	 */
	storage?: 'session' | 'local' | 'memory' | ClientStorage;
	/** Separates what clients store: give each user a name. Default: `default`. */
	name?: string;
	/** What is dispatched after a reload: the whole `session` (default), or only events after the stored `cursor`, for pages that keep what they got. */
	resume?: 'session' | 'cursor';
	/** The session to join instead of the stored one; `null`: a new one. */
	sessionId?: string | null;
	/** The last event that the page has, instead of what `resume` says. */
	lastEventId?: number;
	/** The `epoch` that belongs to `lastEventId`, for a page that stores both itself. */
	epoch?: string;
	/** Whether several messages may come in one frame. Default: true. */
	ndjson?: boolean;
	/** Back-off in ms: random from `minDelay` to a limit that doubles with each attempt, up to `maxDelay`. Defaults: 500 and 30000. */
	minDelay?: number;
	maxDelay?: number;
	/** How long a connection must live, in ms, before the back-off starts over. Default: 5000. */
	minUptime?: number;
	/** Time limit of an attempt, in ms: from the call of `getToken` to `session_init`. Default: 10000. */
	connectTimeout?: number;
	/** Limit of waiting messages; `send` rejects with `outbox_full` beyond. Default: 100. */
	maxOutbox?: number;
	/** The WebSocket class, where the platform has none. */
	WebSocket?: WebSocketClass;
	/** Whether `presence` tells which connections the session has. Default: false. */
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
	 * With `waiting`: ms until the next attempt. `Infinity` while the browser reports to be offline; browsers have been wrong about that, so the client still
	 * tries after `maxDelay`.
	 */
	delay?: number;
	/** The close code that led here. */
	code?: number;
	/**
	 * With `waiting` and `closed`: the code of the error that led here. `sign_in_refused`: the endpoint answers and refuses connections, most likely because of
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

/** An event that is not stored, sent to who is connected at that moment. */
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

/** Which connections the session has. */
export interface PresenceDetail {
	type: 'presence';
	/** Whether `joined` is all there is: drop what you knew. So it is after each `open`. */
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
 * The server could not resume: drop what was rebuilt; the next events start over. Running replies have failed with the code `gone`. Waiting messages move to
 * the session that is used from now on; a listener can withdraw them.
 */
export interface GoneDetail {
	reason: 'unknown_session' | 'ahead_of_log' | 'history_truncated' | 'history_diverged' | (string & {});
	previousSessionId: string;
	/** The session that is used from now on. */
	sessionId: string;
}

/**
 * The server has lost events that this page has processed: its database failed over to a standby, or was restored. A page that can drop what came from events
 * after `rewindTo` does so and calls `preventDefault()`: the client continues from there. Otherwise `gone` follows, and the whole session is dispatched again.
 * Running replies have failed with the code `gone`. Messages that were acknowledged and may be lost are sent again.
 */
export interface RewindDetail {
	rewindTo: number;
}

/** A message to the application's handler of its type. */
export interface ClientMessage {
	type: string;
	/** A UUID; the client makes one if there is none. */
	idempotency_key?: string;
	[field: string]: unknown;
}

/** What `send` resolves to. */
export interface Acknowledged {
	idempotencyKey: string;
	/** The event a `user_message` was stored as. Messages of other types are no events. */
	eventId?: number;
	/** Whether the server had stored it before: an acknowledgement was lost. */
	duplicate: boolean;
}

/** A message that waits for its acknowledgement. */
export interface WaitingMessage {
	/** Its `idempotency_key`; the `user_message` event has it, too. */
	readonly key: string;
	readonly message: ClientMessage;
	/** When it was sent by the page, in ms since 1970. */
	readonly time: number;
	/** The promise of `send`, or one like it after a reload. */
	readonly promise: Promise<Acknowledged>;
}

/** Messages that were found in the storage. */
export interface UnsentMessages {
	/** Their session; `null` if they wait for a new one. */
	sessionId: string | null;
	count: number;
}

export interface ReplyEvents {
	/** Text was added: this. */
	delta: string;
	/** Another attempt starts: the text is empty again. */
	reset: undefined;
	/** `status` is no longer `running`. */
	end: undefined;
}

/**
 * A reply while it is streamed. When another node takes it over, the same object starts over: `text` is empty, `attempt` grows, and `reset` is dispatched.
 * Iterating yields the whole text so far, each time it has changed.
 */
export interface Reply extends TypedEventTarget<ReplyEvents>, AsyncIterable<string> {
	/** The message id of the present attempt. */
	readonly id: string;
	/** The event that it answers; unknown if the reply started before what the page has. */
	readonly inReplyTo?: number;
	readonly text: string;
	readonly attempt: number;
	readonly status: 'running' | 'done' | 'failed';
	/** Whether it is to be stopped and has not ended. */
	readonly cancelling: boolean;
	/** With `done`: `stop`, `length`, `cancelled`, … */
	readonly finishReason?: string;
	readonly usage?: Record<string, number>;
	/** With `failed`. */
	readonly error?: ClientError;
	/** Resolves with the whole text. Rejects when the reply has failed, and with `closed` when the client is closed; it is another promise after `reconnect()`. */
	readonly finished: Promise<string>;
	/** Stops the reply; also after a reconnect, if there is no connection. */
	cancel(): void;
}

/** A message of the server, as it came. */
export interface ServerMessage {
	type: string;
	[field: string]: any;
}

/** The DOM events of a client. All are `CustomEvent`s; this is the type of `detail`. */
export interface ResumableWebSocketEvents {
	/** The connection is there, and its session is known. */
	open: OpenDetail;
	/** A durable event that this page has not had. Also dispatched under the name of its type, unless that is one of these names. */
	event: SessionEvent;
	/** A reply starts; after a reload, also one that started before. */
	reply: Reply;
	status: StatusDetail;
	/** All that was in the log when the connection was made has been dispatched. Comes again after missing events were fetched. */
	replaycomplete: { lastEventId: number; count: number };
	/** The waiting messages have changed. */
	outbox: WaitingMessage[];
	/** Cancelable. */
	rewind: RewindDetail;
	gone: GoneDetail;
	/** For information: what is not `final` is tried again automatically. */
	error: ClientError;
	/** With the option `presence`. */
	presence: PresenceDetail;
	/** Every message of the server: control messages, and events that are repeats. */
	message: ServerMessage;
}

/** The durable events that every server has, by type: the payload. */
export interface StandardEvents {
	user_message: { content: string; idempotency_key: string };
	assistant_started: { message_id: string; in_reply_to: number; supersedes?: string };
	assistant_delta: { message_id: string; offset: number; content: string };
	assistant_message: { message_id: string; content: string; finish_reason: string; usage?: Record<string, number> };
	assistant_failed: { message_id: string; code: string; message: string };
}

/**
 * All DOM events of a client whose application publishes events of the types `E`: names to types of `detail`. Those that are an `EphemeralEvent` in `E` are
 * ephemeral; of the others `E` has the payload.
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

/** A message as it is stored. */
export interface Stored extends Draft {
	session: string | null;
	/** The client that sends it. */
	owner: string;
	/** When the owner was last seen, in ms since 1970; 0 if it has left the message to others. */
	seen: number;
}

/** A message in a client's outbox. */
export interface Entry extends Draft {
	promise: Promise<Acknowledged>;
	resolve: (acknowledged: Acknowledged) => void;
	reject: (reason: unknown) => void;
	saved?: boolean;
	cancelling?: boolean;
	/** The event it was acknowledged as, and when. */
	eventId?: number;
	at?: number;
}

/** A promise and its ends. */
export interface Deferred<T> {
	promise: Promise<T>;
	resolve: (value: T) => void;
	reject: (reason: unknown) => void;
}

/** A reply as the client changes it. */
export type RunningReply = { -readonly [K in keyof Reply]: Reply[K] } & Deferred<string> & {
	/** Of the text as the server counts; longer than the text only if the log has lost its beginning. */
	_length: number;
	/** The first event that belonged to it, and the last. */
	_start: number;
	_at?: number;
	/** Whether the page knows it. */
	_known?: boolean;
};
