export class ResumableChatError extends Error {
    /**
     * @param {'unsupported' | 'closed'} code
     * @param {string} message
     */
    constructor(code: "unsupported" | "closed", message: string);
    code: "closed" | "unsupported";
}
export class ChatSession {
    /**
     * @param {() => Promise<ResumableWebSocket>} connect
     * @param {Set<Follower>} followers chats to keep up to date
     */
    constructor(connect: () => Promise<ResumableWebSocket>, followers: Set<Follower>);
    conversation: Conversation;
    /** Resolves with the client when its session is known. */
    ready: Promise<import("./client.js").ResumableWebSocket<any>>;
    get idle(): boolean;
    /** Whether there is no client, or the server has closed its connection for good. */
    get ended(): boolean;
    close(): void;
    /**
     * Counts a call of the SDK as active until it has settled.
     * @template T
     * @param {() => Promise<T>} call
     */
    run<T>(call: () => Promise<T>): Promise<T>;
    /**
     * Resolves when the log is complete.
     * @param {AbortSignal} [signal]
     */
    loaded(signal?: AbortSignal): Promise<void>;
    /**
     * Sends a message of the SDK. Its id is the idempotency key if it is a UUID: such a message is sent exactly once, even after a reload.
     * @param {string} id
     * @param {string} text
     */
    send(id: string, text: string): Promise<{
        acknowledged: Promise<import("./types.js").Acknowledged>;
    }>;
    /** Returns all messages except an unfinished reply, which is streamed. */
    messages(): {
        id: string;
        role: "assistant" | "user";
        metadata: import("./ai-sdk.js").ReplyMetadata;
        parts: {
            type: string;
            text: string;
            state: string;
        }[];
    }[];
    /**
     * Streams the running reply, or the reply to a waiting message; `null` if there is neither.
     * @param {AbortSignal} [signal] aborted to cancel the reply, and
     * also when the SDK resumes again, which does not cancel it
     */
    resume(signal?: AbortSignal): Promise<ReadableStream<UIMessageChunk> | null>;
    /** Returns the running reply, or else the next message that will be answered. */
    get unfinished(): import("./conversation.js").ConversationMessage | undefined;
    /**
     * Streams a known reply, or the reply to a message when it begins.
     * @param {{ entry?: Entry, acknowledged?: Promise<{ eventId?: number }>, signal?: AbortSignal, stopped?: () => boolean }} reply
     * @returns {ReadableStream<UIMessageChunk>}
     */
    stream({ entry, acknowledged, signal, stopped }: {
        entry?: Entry;
        acknowledged?: Promise<{
            eventId?: number;
        }>;
        signal?: AbortSignal;
        stopped?: () => boolean;
    }): ReadableStream<UIMessageChunk>;
    /** Passes the messages of the log to the followers if they differ from theirs, once nothing is streamed. */
    refresh(): void;
    #private;
}
export type UIMessageChunk = import("ai").UIMessageChunk;
export type ResumableWebSocket = import("./client.js").ResumableWebSocket;
export type Acknowledged = import("./client.js").Acknowledged;
export type Entry = import("./conversation.js").Entry;
export type Follower = import("./ai-sdk.js").Follower;
import { Conversation } from './conversation.js';
