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
    /** Resolves with the client, once it is known which session it is for. */
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
     * Sends a message of the SDK. Its id is the idempotency key, if it is a UUID: such a message is sent once, also after a reload.
     * @param {string} id
     * @param {string} text
     */
    send(id: string, text: string): Promise<{
        acknowledged: Promise<import("./types.js").Acknowledged>;
    }>;
    /** Returns all messages but an unfinished reply, which comes as a stream. */
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
     * Streams the reply that runs, or the one that a message waits for; `null` if there is neither.
     * @param {AbortSignal} [signal] is aborted to stop the reply, and also when the SDK resumes once more: only the first is meant for the server
     */
    resume(signal?: AbortSignal): Promise<ReadableStream<UIMessageChunk> | null>;
    /** Returns what is not complete: a reply that runs, or else the next message that will be answered. */
    get unfinished(): import("./conversation.js").ConversationMessage | undefined;
    /**
     * Streams a reply: a known one, or the one to a message, when it begins.
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
    /** Gives the followers the messages of the log, if there are others than they have, once nothing is streamed. */
    refresh(): void;
    #private;
}
export type UIMessageChunk = import("ai").UIMessageChunk;
export type ResumableWebSocket = import("./client.js").ResumableWebSocket;
export type Acknowledged = import("./client.js").Acknowledged;
export type Entry = import("./conversation.js").Entry;
export type Follower = import("./ai-sdk.js").Follower;
import { Conversation } from './conversation.js';
