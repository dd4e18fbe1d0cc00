/** @extends {Store<ConversationState>} */
export class Conversation extends Store<ConversationState> {
    constructor();
    /**
     * Follows a client from its first event. To be called in the task in which the client was made.
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
     * Takes a message back that waits, or forgets one that was refused.
     * @param {string} id
     */
    withdraw(id: string): void;
    /** Stops the replies that run, and those to messages that wait. */
    stop(): void;
    /**
     * Returns the state, also what is not published yet.
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
     * Returns the present state of a reply.
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
     * `pending`: not acknowledged yet; `failed`: refused for good, see `error`
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
     * why it was refused
     */
    error?: import("./client.js").ResumableWebSocketError | undefined;
};
/**
 * A reply. Immutable: another object stands for each state of it, with the same id.
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
     * 1, and one more each time that another node begins it again
     */
    attempt: number;
    /**
     * whether it was asked to stop and has not stopped yet
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
     * in the order of the log; those of the user that wait, or were refused, are last
     */
    messages: readonly ConversationMessage[];
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
 * A reply in the log. `view` is undefined when it has changed since it was last looked at.
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
