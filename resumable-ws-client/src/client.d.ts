/** @implements {ClientError} */
export class ResumableWebSocketError extends Error implements ClientError {
    /**
     * @param {string} code
     * @param {string} [message]
     * @param {number} [closeCode]
     * @param {boolean} [final]
     * @param {unknown} [cause]
     */
    constructor(code: string, message?: string, closeCode?: number, final?: boolean, cause?: unknown);
    /** One of `ErrorCode` in `resumable-ws-client/codes`, or the name of a close code in lower case. */
    code: string;
    /** Whether the client stops retrying. */
    final: boolean;
    /** The close code of the connection. */
    closeCode: number | undefined;
}
declare const ResumableWebSocket_base: new <M>() => TypedEventTarget<M>;
/**
 * A resumable WebSocket. Its DOM events are {@link ResumableWebSocketEvents}, and one for each event type (`user_message`, …). The platform reports an
 * exception in a listener, and the event counts as processed.
 * @template {object} [E={}] types of the application's own events: names to payloads
 * @extends {Target<ClientEvents<E>>}
 */
export class ResumableWebSocket<E extends object = {}> extends ResumableWebSocket_base<import("./types.js").ClientEvents<E>> {
    /**
     * Creates a client that connects after the current task: listeners that are added in the same task receive all events.
     * @param {UrlSource} url
     * @param {ResumableWebSocketOptions} [options]
     */
    constructor(url: UrlSource, options?: ResumableWebSocketOptions);
    /** @type {Status} */
    status: Status;
    /** @type {string | null} */
    sessionId: string | null;
    /** The last event whose listeners have returned. */
    lastEventId: number;
    /**
     * The history of the log that the last event belongs to.
     * @type {string | undefined}
     */
    epoch: string | undefined;
    /**
     * The transport of the last attempt.
     * @type {Transport}
     */
    transport: Transport;
    /** The number of connections after the first. */
    reconnects: number;
    /** The number of replayed events over all connections, without those the page already had. */
    replayed: number;
    /**
     * Running replies by message id.
     * @type {ReadonlyMap<string, Reply>}
     */
    replies: ReadonlyMap<string, Reply>;
    /** The number of waiting messages. */
    get pending(): number;
    /**
     * The messages of this client that are waiting for their acknowledgement, in order.
     * @returns {WaitingMessage[]}
     */
    get outbox(): WaitingMessage[];
    /**
     * Sends `{type: 'user_message', content}`.
     * @param {string} content
     * @param {{ signal?: AbortSignal }} [options]
     */
    say(content: string, options?: {
        signal?: AbortSignal;
    }): Promise<import("./types.js").Acknowledged>;
    /**
     * Sends a message exactly once, even if the connection is lost or the page is reloaded. Messages are sent one at a time, in order. Resolves when the message is
     * acknowledged. Rejects on a final error (`malformed`, `invalid`, `unknown_type`, `forbidden`, `quota_exceeded`, `failed`, or a close because of the message), with
     * `outbox_full`, with `withdrawn`, with the signal's reason, and with `closed`: the message then remains stored, unless the client was already closed.
     * @param {ClientMessage} message
     * @param {{ signal?: AbortSignal }} [options] the signal withdraws the message
     * @returns {Promise<Acknowledged>}
     */
    send(message: ClientMessage, options?: {
        signal?: AbortSignal;
    }): Promise<Acknowledged>;
    /**
     * Withdraws a message that was not sent yet; its promise rejects.
     * @param {string} key
     * @param {unknown} [reason] the rejection reason, instead of `withdrawn`
     * @returns {boolean} false if there is no such message, or if it may have reached the server and is therefore kept
     */
    withdraw(key: string, reason?: unknown): boolean;
    /**
     * Cancels a reply, or all replies: running and queued ones, and those to messages waiting in this client. Replies to later messages are not affected.
     * @param {string} [messageId]
     */
    cancel(messageId?: string): void;
    /**
     * Connects immediately if the client is waiting or closed.
     * @param {{ force?: boolean }} [options] `force`: opens a new connection even if the client is
     * connected or connecting
     */
    reconnect(options?: {
        force?: boolean;
    }): void;
    /**
     * Sends a message that is neither stored nor acknowledged. Without a connection, it is dropped. The application must allow its type.
     * @param {string} type
     * @param {unknown} [payload]
     */
    sendEphemeral(type: string, payload?: unknown): void;
    /** Closes the client and removes its timers and listeners. Promises reject with `closed`; waiting messages remain stored, for `reconnect()` or another client. */
    close(): void;
    #private;
}
export type Acknowledged = import("./types.js").Acknowledged;
export type ClientMessage = import("./types.js").ClientMessage;
export type ClientStorage = import("./types.js").ClientStorage;
export type GoneDetail = import("./types.js").GoneDetail;
export type OpenDetail = import("./types.js").OpenDetail;
export type PresenceDetail = import("./types.js").PresenceDetail;
export type Reply = import("./types.js").Reply;
export type ReplyEvents = import("./types.js").ReplyEvents;
export type ResumableWebSocketEvents = import("./types.js").ResumableWebSocketEvents;
export type ResumableWebSocketOptions = import("./types.js").ResumableWebSocketOptions;
export type RewindDetail = import("./types.js").RewindDetail;
export type ServerMessage = import("./types.js").ServerMessage;
export type StandardEvents = import("./types.js").StandardEvents;
export type Status = import("./types.js").Status;
export type StatusDetail = import("./types.js").StatusDetail;
export type TokenRequest = import("./types.js").TokenRequest;
export type Transport = import("./types.js").Transport;
export type UrlSource = import("./types.js").UrlSource;
export type WaitingMessage = import("./types.js").WaitingMessage;
export type WebSocketClass = import("./types.js").WebSocketClass;
export type WebSocketLike = import("./types.js").WebSocketLike;
export type SessionEvent<P = any> = import("./types.js").SessionEvent<P>;
export type EphemeralEvent<P = any> = import("./types.js").EphemeralEvent<P>;
import type { ClientError } from './types.js';
import type { TypedEventTarget } from './types.js';
export {};
