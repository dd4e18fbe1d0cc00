export { ResumableChatError };
/** @import { ChatTransport, UIMessage } from 'ai' */
/** @typedef {import('./client.js').ResumableWebSocketOptions} ResumableWebSocketOptions */
/** @typedef {ConstructorParameters<typeof ResumableWebSocket>[0]} Url */
/**
 * The `metadata` of the messages of a chat.
 * @typedef {object} ReplyMetadata
 * @property {'pending' | 'sent' | 'running' | 'done' | 'failed'} [status]
 * @property {number} [attempt] of a reply: 1, incremented each time another node restarts it
 * @property {number} [inReplyTo] of a reply: the event of the message that it answers
 * @property {string} [createdAt] in ISO 8601
 * @property {string} [finishReason] the server's finish reason; the SDK receives `other` for `cancelled`
 * @property {unknown} [usage] token counts
 * @property {string} [error] the error code of a failed reply
 */
/**
 * @typedef {object} ChatOptions
 * @property {Url} url the endpoint
 * @property {(chatId: string) => string | null | undefined | Promise<string | null | undefined>} [sessionOf] returns the session of a chat, for applications
 * that store it themselves. Without it, or if it returns `undefined`: the session that this browser has stored for the chat, or else a new one
 * @property {(chat: { chatId: string, sessionId: string }) => void} [onSession] called with the session of a chat each time it is connected
 */
/**
 * The part of `useChat` that `follow` needs.
 * @typedef {object} Follower
 * @property {(messages: any[]) => void} setMessages
 * @property {() => unknown} resumeStream
 */
/**
 * A `ChatTransport` that maps each chat to a session, with one connection per chat in use.
 *
 * A chat's session is stored under the chat's id (`name` of the client: the transport's `name`, a space, the id), in `localStorage` unless `storage` is set.
 * It is shared by the tabs of a browser and survives a reload, so chats need stable ids.
 * @template {UIMessage} [M=UIMessage<ReplyMetadata>]
 * @implements {ChatTransport<M>}
 */
export class ResumableChatTransport<M extends UIMessage = UIMessage<ReplyMetadata, import("ai").UIDataTypes, import("ai").UITools>> implements ChatTransport {
    /** @param {ChatOptions & Omit<ResumableWebSocketOptions, 'sessionId' | 'lastEventId' | 'epoch' | 'resume'>} options */
    constructor(options: ChatOptions & Omit<ResumableWebSocketOptions, "sessionId" | "lastEventId" | "epoch" | "resume">);
    /** Read by the SDK: a resumed stream replaces the existing part of the reply. */
    resumeStreamIsReplay: boolean;
    /**
     * Sends the last message and streams its reply. Rejects operations that a log does not support: regenerating a reply and editing a message.
     * @type {ChatTransport<M>['sendMessages']}
     */
    sendMessages: ChatTransport<M>["sendMessages"];
    /**
     * Streams the running reply from its beginning, or the reply to a waiting message; resolves with `null` if there is neither.
     * @type {ChatTransport<M>['reconnectToStream']}
     */
    reconnectToStream: ChatTransport<M>["reconnectToStream"];
    /**
     * Resolves with the messages in the log of a chat when they are complete, for `useChat({ messages })`. A running reply is not included: `resume` streams it.
     * @param {string} chatId
     * @param {{ signal?: AbortSignal }} [options]
     * @returns {Promise<M[]>}
     */
    messages(chatId: string, { signal }?: {
        signal?: AbortSignal;
    }): Promise<M[]>;
    /**
     * Keeps a chat in sync with its log: with messages of other tabs and devices, and with replies that are restarted with another text.
     * @param {string} chatId
     * @param {Follower} chat
     * @returns {() => void} unsubscribes
     */
    follow(chatId: string, chat: Follower): () => void;
    /**
     * Cancels the running and waiting replies of a chat, including a resumed one, which `stop` of `useChat` does not cancel.
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
     * Closes the connection of a chat, or of all chats. A chat that is used again reconnects.
     * @param {string} [chatId]
     */
    close: (chatId?: string) => void;
    #private;
}
export type ResumableWebSocketOptions = import("./client.js").ResumableWebSocketOptions;
export type Url = ConstructorParameters<typeof ResumableWebSocket>[0];
/**
 * The `metadata` of the messages of a chat.
 */
export type ReplyMetadata = {
    status?: "pending" | "sent" | "failed" | "running" | "done" | undefined;
    /**
     * of a reply: 1, incremented each time another node restarts it
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
     * the server's finish reason; the SDK receives `other` for `cancelled`
     */
    finishReason?: string | undefined;
    /**
     * token counts
     */
    usage?: unknown;
    /**
     * the error code of a failed reply
     */
    error?: string | undefined;
};
export type ChatOptions = {
    /**
     * the endpoint
     */
    url: Url;
    /**
     * returns the session of a chat, for applications
     * that store it themselves. Without it, or if it returns `undefined`: the session that this browser has stored for the chat, or else a new one
     */
    sessionOf?: ((chatId: string) => string | null | undefined | Promise<string | null | undefined>) | undefined;
    /**
     * called with the session of a chat each time it is connected
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
