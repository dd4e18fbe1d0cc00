/**
 * Connects while it is mounted, and gives the connection to the hooks of the components inside. Another `url`, `name` or `sessionId` is another
 * connection; the newest `getToken` is used, and other options are those of the first render.
 * @param {ProviderOptions & { url: Url, children?: import('react').ReactNode }} props
 */
export function ResumableWebSocketProvider({ url, children, ...options }: ProviderOptions & {
    url: Url;
    children?: import("react").ReactNode;
}): import("react").FunctionComponentElement<import("react").ProviderProps<Channel | null>>;
/** Returns the state of the connection, and what can be done with it. Does not render when a reply says more. */
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
     * with `waiting`: ms until the next attempt; `Infinity` while the browser says that it is offline
     */
    delay?: number | undefined;
    /**
     * the close code that led here
     */
    code?: number | undefined;
    /**
     * why it is not connected; `sign_in_refused`: the user has to sign in again
     */
    reason?: string | undefined;
    /**
     * connections after the first
     */
    reconnects: number;
    /**
     * how many messages wait for their acknowledgement
     */
    pending: number;
    /**
     * these messages, in order
     */
    outbox: ResumableWebSocket["outbox"];
};
/** Returns the messages of the conversation and what can be done with it. Renders at most once a frame, however much a reply says. */
export function useConversation(): {
    send: (text: string) => Promise<import("./types.js").Acknowledged>;
    stop: () => void;
    withdraw: (id: string) => void;
    /**
     * in the order of the log; those of the user that wait, or were refused, are last
     */
    messages: readonly import("./conversation.js").ConversationMessage[];
    /**
     * whether the messages of the log are not complete yet
     */
    loading: boolean;
    /**
     * whether a reply runs
     */
    running: boolean;
};
/**
 * Returns a reply, or the newest one; `undefined` if there is none. Renders only when that reply changes.
 * @param {string} [id] that of the {@link AssistantMessage}
 * @returns {AssistantMessage | undefined}
 */
export function useReply(id?: string): AssistantMessage | undefined;
/**
 * Calls a handler for each DOM event of the client: those of {@link ResumableWebSocketEvents}, and the application's own event types. A component that is mounted together with the
 * provider misses none. The handler may be another one at each render.
 * @template {string} T
 * @param {T} type
 * @param {(detail: T extends keyof ResumableWebSocketEvents ? ResumableWebSocketEvents[T] : SessionEvent) => void} handler
 */
export function useSocketEvent<T extends string>(type: T, handler: (detail: T extends keyof ResumableWebSocketEvents ? ResumableWebSocketEvents[T] : SessionEvent) => void): void;
/**
 * Returns the client itself, for what the hooks do not offer; `null` until the provider is mounted. To be used in effects and event handlers.
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
     * with `waiting`: ms until the next attempt; `Infinity` while the browser says that it is offline
     */
    delay?: number | undefined;
    /**
     * the close code that led here
     */
    code?: number | undefined;
    /**
     * why it is not connected; `sign_in_refused`: the user has to sign in again
     */
    reason?: string | undefined;
    /**
     * connections after the first
     */
    reconnects: number;
    /**
     * how many messages wait for their acknowledgement
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
 * @property {number} [delay] with `waiting`: ms until the next attempt; `Infinity` while the browser says that it is offline
 * @property {number} [code] the close code that led here
 * @property {string} [reason] why it is not connected; `sign_in_refused`: the user has to sign in again
 * @property {number} reconnects connections after the first
 * @property {number} pending how many messages wait for their acknowledgement
 * @property {ResumableWebSocket['outbox']} outbox these messages, in order
 */
/** One client and the state that is made of its events; remains the same when effects run twice. */
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
     * Whether this is the channel of a session. A page may name the session that this client was given as if it had been asked for.
     * @param {Url} url
     * @param {ProviderOptions} options
     */
    serves(url: Url, { name, sessionId }: ProviderOptions): boolean;
    /**
     * Functions of the last render take the place of those before.
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
