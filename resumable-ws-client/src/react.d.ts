/**
 * Connects while it is mounted, and provides the connection to the hooks of its children. A change of `url`, `name` or `sessionId` opens a new connection.
 * The latest `getToken` is used; all other options are read on the first render only.
 * @param {ProviderOptions & { url: Url, children?: import('react').ReactNode }} props
 */
export function ResumableWebSocketProvider({ url, children, ...options }: ProviderOptions & {
    url: Url;
    children?: import("react").ReactNode;
}): import("react").FunctionComponentElement<import("react").ProviderProps<Channel | null>>;
/** Returns the state and the actions of the connection. Does not render when a reply grows. */
export function useConnection(): {
    reconnect: (options?: {
        force?: boolean;
    }) => void | undefined;
    withdraw: (id: string) => void;
    /**
     * `idle` until the component is mounted, and on a server
     */
    status: Status;
    sessionId: string | null;
    /**
     * with `waiting`: ms until the next attempt; `Infinity` while the browser reports being offline
     */
    delay?: number | undefined;
    /**
     * the close code that led here
     */
    code?: number | undefined;
    /**
     * the reason why it is not connected; `sign_in_refused`: the user must sign in again
     */
    reason?: string | undefined;
    /**
     * number of connections after the first
     */
    reconnects: number;
    /**
     * number of messages waiting for their acknowledgement
     */
    pending: number;
    /**
     * these messages, in order
     */
    outbox: ResumableWebSocket["outbox"];
};
/** Returns the messages and the actions of the conversation. Renders at most once per frame. */
export function useConversation(): {
    send: (text: string) => Promise<import("./types.js").Acknowledged>;
    stop: () => void;
    withdraw: (id: string) => void;
    /**
     * in log order; waiting and rejected messages of the user are last
     */
    messages: readonly import("./conversation.js").ConversationMessage[];
    /**
     * whether messages of the log are still being loaded
     */
    loading: boolean;
    /**
     * whether a reply is running
     */
    running: boolean;
};
/**
 * Returns a reply, or the newest one; `undefined` if there is none. Renders only when that reply changes.
 * @param {string} [id] the id of the {@link AssistantMessage}
 * @returns {AssistantMessage | undefined}
 */
export function useReply(id?: string): AssistantMessage | undefined;
/**
 * Calls a handler for each DOM event of the client: those of {@link ResumableWebSocketEvents}, and the application's own event types. A component that is
 * mounted together with the provider receives all events. The handler may change on each render.
 * @template {string} T
 * @param {T} type
 * @param {(detail: T extends keyof ResumableWebSocketEvents ? ResumableWebSocketEvents[T] : SessionEvent) => void} handler
 */
export function useSocketEvent<T extends string>(type: T, handler: (detail: T extends keyof ResumableWebSocketEvents ? ResumableWebSocketEvents[T] : SessionEvent) => void): void;
/**
 * Returns the client itself, for features without a hook; `null` until the provider is mounted. Use it in effects and event handlers only.
 * @returns {ResumableWebSocket | null}
 */
export function useResumableWebSocket(): ResumableWebSocket | null;
export type ResumableWebSocketOptions = import("./client.js").ResumableWebSocketOptions;
export type Status = import("./client.js").Status;
export type SessionEvent = import("./client.js").SessionEvent;
export type ResumableWebSocketEvents = import("./client.js").ResumableWebSocketEvents;
export type ConversationMessage = import("./conversation.js").ConversationMessage;
export type UserMessage = import("./conversation.js").UserMessage;
export type AssistantMessage = import("./conversation.js").AssistantMessage;
export type Url = ConstructorParameters<typeof ResumableWebSocket>[0];
export type ProviderOptions = Omit<ResumableWebSocketOptions, "resume" | "lastEventId" | "epoch">;
export type ConnectionState = {
    /**
     * `idle` until the component is mounted, and on a server
     */
    status: Status;
    sessionId: string | null;
    /**
     * with `waiting`: ms until the next attempt; `Infinity` while the browser reports being offline
     */
    delay?: number | undefined;
    /**
     * the close code that led here
     */
    code?: number | undefined;
    /**
     * the reason why it is not connected; `sign_in_refused`: the user must sign in again
     */
    reason?: string | undefined;
    /**
     * number of connections after the first
     */
    reconnects: number;
    /**
     * number of messages waiting for their acknowledgement
     */
    pending: number;
    /**
     * these messages, in order
     */
    outbox: ResumableWebSocket["outbox"];
};
/** @typedef {import('./client.js').ResumableWebSocketOptions} ResumableWebSocketOptions */
/** @typedef {import('./client.js').Status} Status */
/** @typedef {import('./client.js').SessionEvent} SessionEvent */
/** @typedef {import('./client.js').ResumableWebSocketEvents} ResumableWebSocketEvents */
/** @typedef {import('./conversation.js').ConversationMessage} ConversationMessage */
/** @typedef {import('./conversation.js').UserMessage} UserMessage */
/** @typedef {import('./conversation.js').AssistantMessage} AssistantMessage */
/** @typedef {ConstructorParameters<typeof ResumableWebSocket>[0]} Url */
/** @typedef {Omit<ResumableWebSocketOptions, 'resume' | 'lastEventId' | 'epoch'>} ProviderOptions */
/**
 * @typedef {object} ConnectionState
 * @property {Status} status `idle` until the component is mounted, and on a server
 * @property {string | null} sessionId
 * @property {number} [delay] with `waiting`: ms until the next attempt; `Infinity` while the browser reports being offline
 * @property {number} [code] the close code that led here
 * @property {string} [reason] the reason why it is not connected; `sign_in_refused`: the user must sign in again
 * @property {number} reconnects number of connections after the first
 * @property {number} pending number of messages waiting for their acknowledgement
 * @property {ResumableWebSocket['outbox']} outbox these messages, in order
 */
/** A client and the state derived from its events; stays the same when effects run twice. */
declare class Channel {
    /**
     * @param {Url} url
     * @param {ProviderOptions} options
     */
    constructor(url: Url, options: ProviderOptions);
    /** @type {ResumableWebSocket | null} */
    socket: ResumableWebSocket | null;
    /** @type {Store<ConnectionState>} */
    connection: Store<ConnectionState>;
    conversation: Conversation;
    /**
     * Returns whether this channel serves the given session. A page may pass the session that the server assigned to this client.
     * @param {Url} url
     * @param {ProviderOptions} options
     */
    serves(url: Url, { name, sessionId }: ProviderOptions): boolean;
    /**
     * Replaces the functions with those of the last render.
     * @param {Url} url
     * @param {ProviderOptions} options
     */
    update(url: Url, { getToken }: ProviderOptions): void;
    open(): void;
    close(): void;
    /**
     * @param {string} type
     * @param {(event: any) => void} listener
     */
    listen(type: string, listener: (event: any) => void): () => void;
    /** @param {{ force?: boolean }} [options] */
    reconnect: (options?: {
        force?: boolean;
    }) => void | undefined;
    /** @param {string} text */
    send: (text: string) => Promise<import("./types.js").Acknowledged>;
    stop: () => void;
    /** @param {string} id */
    withdraw: (id: string) => void;
    #private;
}
import { ResumableWebSocket } from './client.js';
import { Store } from './store.js';
import { Conversation } from './conversation.js';
export {};
