/** @extends {Store<ConversationState>} */
export class Conversation extends Store<ConversationState> {
    constructor();
    /**
     * Follows a client from its first event. Must be called in the task that creates the client.
     * @param {ResumableWebSocket} socket
     */
    attach(socket: ResumableWebSocket): void;
    /**
     * Sends a message of the user.
     * @param {string} text
     * @param {{ idempotencyKey?: string, signal?: AbortSignal }} [options]
     */
    send(text: string, { idempotencyKey, signal }?: {
        idempotencyKey?: string;
        signal?: AbortSignal;
    }): Promise<import("./types.js").Acknowledged>;
    /**
     * Withdraws a waiting message, or removes a rejected one.
     * @param {string} id
     */
    withdraw(id: string): void;
    /** Cancels the running replies and those to waiting messages. */
    stop(): void;
    /**
     * Returns the current state, including unpublished changes.
     * @returns {ConversationState}
     */
    now(): ConversationState;
    /**
     * Returns the reply with an id.
     * @param {string} id
     */
    entry(id: string): Entry | undefined;
    /**
     * Returns the reply to a message, if it has begun.
     * @param {number} eventId
     */
    replyTo(eventId: number): Entry | undefined;
    /**
     * Returns the current state of a reply.
     * @param {Entry} entry
     * @returns {AssistantMessage}
     */
    view(entry: Entry): AssistantMessage;
    #private;
}
export type ResumableWebSocket = import("./client.js").ResumableWebSocket;
export type Reply = import("./client.js").Reply;
export type ResumableWebSocketError = import("./client.js").ResumableWebSocketError;
/**
 * A message of the user. Immutable.
 */
export type UserMessage = {
    /**
     * its idempotency key; the same before and after it is stored
     */
    id: string;
    role: "user";
    text: string;
    /**
     * `pending`: not acknowledged yet; `failed`: finally rejected, see `error`
     */
    status: "pending" | "sent" | "failed";
    /**
     * its event in the log
     */
    eventId?: number | undefined;
    /**
     * in ISO 8601
     */
    createdAt?: string | undefined;
    /**
     * the reason of the rejection
     */
    error?: import("./client.js").ResumableWebSocketError | undefined;
};
/**
 * A reply. Immutable: each state is a new object with the same id.
 */
export type AssistantMessage = {
    /**
     * the id of its first attempt; the same for all attempts
     */
    id: string;
    role: "assistant";
    /**
     * the text of the present attempt
     */
    text: string;
    status: "running" | "done" | "failed";
    /**
     * 1, incremented each time another node restarts it
     */
    attempt: number;
    /**
     * whether it is being cancelled
     */
    cancelling: boolean;
    /**
     * the event of the message that it answers
     */
    inReplyTo?: number | undefined;
    /**
     * in ISO 8601
     */
    createdAt?: string | undefined;
    /**
     * with `done`: `stop`, `length`, `cancelled`, …
     */
    finishReason?: string | undefined;
    /**
     * token counts, with `done`
     */
    usage?: unknown;
    /**
     * with `failed`
     */
    error?: import("./client.js").ResumableWebSocketError | undefined;
};
export type ConversationMessage = UserMessage | AssistantMessage;
export type ConversationState = {
    /**
     * in log order; waiting and rejected messages of the user are last
     */
    messages: readonly ConversationMessage[];
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
 * A reply in the log. `view` is undefined if the reply has changed since it was last read.
 */
export type Entry = {
    id: string;
    role: "assistant";
    reply: Reply;
    inReplyTo?: number;
    createdAt?: string;
    view?: AssistantMessage;
};
import { Store } from './store.js';
