/**
 * Returns the metadata of a message of the SDK.
 * @param {import('./conversation.js').ConversationMessage} message
 */
export function metadataOf(message: import("./conversation.js").ConversationMessage): ReplyMetadata;
/** Translates the successive states of a reply into chunks of the SDK. */
export class ReplyStream {
    /** @param {(chunk: UIMessageChunk) => void} enqueue */
    constructor(enqueue: (chunk: UIMessageChunk) => void);
    /**
     * @param {AssistantMessage} message
     * @param {boolean} reset whether its text was reset
     * @returns {'running' | 'ended' | 'contradicted'} `contradicted` if its text does not begin with the
     * streamed text
     */
    update(message: AssistantMessage, reset: boolean): "running" | "ended" | "contradicted";
    #private;
}
export type UIMessageChunk = import("ai").UIMessageChunk;
export type FinishReason = import("ai").FinishReason;
export type Reply = import("./client.js").Reply;
export type AssistantMessage = import("./conversation.js").AssistantMessage;
export type ReplyMetadata = import("./ai-sdk.js").ReplyMetadata;
