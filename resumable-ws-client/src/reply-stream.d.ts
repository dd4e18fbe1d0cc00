/**
 * Returns what a message of the SDK has as its metadata.
 * @param {import('./conversation.js').ConversationMessage} message
 */
export function metadataOf(message: import("./conversation.js").ConversationMessage): ReplyMetadata;
/** Translates the states of a reply, each time that it changes. */
export class ReplyStream {
    /** @param {(chunk: UIMessageChunk) => void} enqueue */
    constructor(enqueue: (chunk: UIMessageChunk) => void);
    /**
     * @param {AssistantMessage} message
     * @param {boolean} reset whether its text has begun again
     * @returns {'running' | 'ended' | 'contradicted'} the last if its text is not what was said, and more
     */
    update(message: AssistantMessage, reset: boolean): "running" | "ended" | "contradicted";
    #private;
}
export type UIMessageChunk = import("ai").UIMessageChunk;
export type FinishReason = import("ai").FinishReason;
export type Reply = import("./client.js").Reply;
export type AssistantMessage = import("./conversation.js").AssistantMessage;
export type ReplyMetadata = import("./ai-sdk.js").ReplyMetadata;
