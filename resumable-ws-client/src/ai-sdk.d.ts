export { ResumableChatError };
/** @import { ChatTransport, UIMessage } from 'ai' */
/** @typedef {import('./client.js').ResumableWebSocketOptions} ResumableWebSocketOptions */
/** @typedef {ConstructorParameters<typeof ResumableWebSocket>[0]} Url */
/**
 * What the messages of a chat have as `metadata`.
 * @typedef {object} ReplyMetadata
 * @property {'pending' | 'sent' | 'running' | 'done' | 'failed'} [status]
 * @property {number} [attempt] of a reply: 1, and one more each time that another node has begun it again
 * @property {number} [inReplyTo] of a reply: the event of the message that it answers
 * @property {string} [createdAt] in ISO 8601
 * @property {string} [finishReason] in the server's words; `cancelled` is `other` for the SDK
 * @property {unknown} [usage] token counts
 * @property {string} [error] the code of a reply that failed
 */
/**
 * @typedef {object} ChatOptions
 * @property {Url} url the endpoint
 * @property {(chatId: string) => string | null | undefined | Promise<string | null | undefined>} [sessionOf] returns the session of a chat, for an
 * application that keeps this itself. Without it, or if it returns `undefined`: the session that this browser has stored for the chat, else a new one
 * @property {(chat: { chatId: string, sessionId: string }) => void} [onSession] called with the session of a chat each time that it is connected
 */
/**
 * The part of `useChat` that `follow` needs.
 * @typedef {object} Follower
 * @property {(messages: any[]) => void} setMessages
 * @property {() => unknown} resumeStream
 */
/**
 * A `ChatTransport` whose chats are sessions: one connection for each chat that is in use.
 *
 * A chat's session is stored under the chat's id (`name` of the client: the transport's `name`, a space, the id), in `localStorage` unless `storage` says
 * otherwise, so that the tabs of a browser share it, and a reload finds it. So a page has to give its chats ids that stay the same.
 * @template {UIMessage} [M=UIMessage<ReplyMetadata>]
 * @implements {ChatTransport<M>}
 */
export class ResumableChatTransport<M extends UIMessage = UIMessage<ReplyMetadata, import("ai").UIDataTypes, import("ai").UITools>> implements ChatTransport {
    /** @param {ChatOptions & Omit<ResumableWebSocketOptions, 'sessionId' | 'lastEventId' | 'epoch' | 'resume'>} options */
    constructor(options: ChatOptions & Omit<ResumableWebSocketOptions, "sessionId" | "lastEventId" | "epoch" | "resume">);
    /** For the SDK: what is resumed takes the place of what is there of the reply. */
    resumeStreamIsReplay: boolean;
    /**
     * Sends the last message, and streams the reply to it. Rejects what a log cannot do: a reply is not said again, and a message is not edited.
     * @type {ChatTransport<M>['sendMessages']}
     */
    sendMessages: ChatTransport<M>["sendMessages"];
    /**
     * Streams the reply that runs, from its beginning, or the one that a message waits for; resolves with `null` if there is neither.
     * @type {ChatTransport<M>['reconnectToStream']}
     */
    reconnectToStream: ChatTransport<M>["reconnectToStream"];
    /**
     * Returns the messages in the log of a chat, for `useChat({ messages })`, when they are all there. A reply that runs is not among them: it comes by `resume`.
     * @param {string} chatId
     * @param {{ signal?: AbortSignal }} [options]
     * @returns {Promise<M[]>}
     */
    messages(chatId: string, { signal }?: {
        signal?: AbortSignal;
    }): Promise<M[]>;
    /**
     * Keeps a chat up to date with its log: with what other tabs and devices say, and when a reply is begun again with another text.
     * @param {string} chatId
     * @param {Follower} chat
     * @returns {() => void} ends that
     */
    follow(chatId: string, chat: Follower): () => void;
    /**
     * Stops the replies of a chat that run or wait, also one that was resumed, which `stop` of `useChat` does not reach.
     * @param {string} chatId
     */
    cancel(chatId: string): void;
    /**
     * Returns the client of a chat, for the state of its connection and the application's own events.
     * @param {string} chatId
     * @returns {Promise<ResumableWebSocket>}
     */
    client(chatId: string): Promise<ResumableWebSocket>;
    /**
     * Closes the connection of a chat, or all. A chat that is used again connects again.
     * @param {string} [chatId]
     */
    close: (chatId?: string) => void;
    #private;
}
export type ResumableWebSocketOptions = import("./client.js").ResumableWebSocketOptions;
export type Url = ConstructorParameters<typeof ResumableWebSocket>[0];
/**
 * What the messages of a chat have as `metadata`.
 */
export type ReplyMetadata = {
    status?: "pending" | "sent" | "failed" | "running" | "done" | undefined;
    /**
     * of a reply: 1, and one more each time that another node has begun it again
     */
    attempt?: number | undefined;
    /**
     * of a reply: the event of the message that it answers
     */
    inReplyTo?: number | undefined;
    /**
     * in ISO 8601
     */
    createdAt?: string | undefined;
    /**
     * in the server's words; `cancelled` is `other` for the SDK
     */
    finishReason?: string | undefined;
    /**
     * token counts
     */
    usage?: unknown;
    /**
     * the code of a reply that failed
     */
    error?: string | undefined;
};
export type ChatOptions = {
    /**
     * the endpoint
     */
    url: Url;
    /**
     * returns the session of a chat, for an
     * application that keeps this itself. Without it, or if it returns `undefined`: the session that this browser has stored for the chat, else a new one
     */
    sessionOf?: ((chatId: string) => string | null | undefined | Promise<string | null | undefined>) | undefined;
    /**
     * called with the session of a chat each time that it is connected
     */
    onSession?: ((chat: {
        chatId: string;
        sessionId: string;
    }) => void) | undefined;
};
/**
 * The part of `useChat` that `follow` needs.
 */
export type Follower = {
    setMessages: (messages: any[]) => void;
    resumeStream: () => unknown;
};
import { ResumableChatError } from './chat-session.js';
import type { UIMessage } from 'ai';
import type { ChatTransport } from 'ai';
import { ResumableWebSocket } from './client.js';
