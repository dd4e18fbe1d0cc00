// A reply as chunks of the AI SDK, whose streams can add text but not remove it.

/** @typedef {import('ai').UIMessageChunk} UIMessageChunk */
/** @typedef {import('ai').FinishReason} FinishReason */
/** @typedef {import('./client.js').Reply} Reply */
/** @typedef {import('./conversation.js').AssistantMessage} AssistantMessage */
/** @typedef {import('./ai-sdk.js').ReplyMetadata} ReplyMetadata */

/** The finish reasons of the SDK. */
const FINISH_REASONS = ['stop', 'length', 'content-filter', 'tool-calls'];

/** Translates the successive states of a reply into chunks of the SDK. */
export class ReplyStream {

	#enqueue;
	#text = ''; // the streamed text
	#begun = false;
	#attempt = 1;
	#catchingUp = false; // another attempt is repeating the streamed text

	/** @param {(chunk: UIMessageChunk) => void} enqueue */
	constructor(enqueue) {
		this.#enqueue = enqueue;
	}

	/**
	 * @param {AssistantMessage} message
	 * @param {boolean} reset whether its text was reset
	 * @returns {'running' | 'ended' | 'contradicted'} `contradicted` if its text does not begin with the
	 * streamed text
	 */
	update(message, reset) {
		const { id, text, status, attempt } = message;
		if (!this.#begun) {
			this.#begun = true;
			this.#attempt = attempt;
			this.#enqueue({ type: 'start', messageId: id, messageMetadata: metadataOf(message) });
		}
		if (attempt !== this.#attempt) {
			this.#attempt = attempt;
			this.#enqueue({ type: 'message-metadata', messageMetadata: metadataOf(message) });
		}
		this.#catchingUp ||= reset;
		if (this.#catchingUp) {
			if (status === 'done' ? !text.startsWith(this.#text) : !text.startsWith(this.#text.slice(0, text.length))) {
				return 'contradicted';
			}
			this.#catchingUp = text.length < this.#text.length;
		}
		this.#say(id, text.slice(this.#text.length));
		if (status === 'running') {
			return 'running';
		}
		this.#end(message);
		return 'ended';
	}

	/**
	 * @param {string} id
	 * @param {string} delta
	 */
	#say(id, delta) {
		if (delta) {
			if (!this.#text) {
				this.#enqueue({ type: 'text-start', id });
			}
			this.#text += delta;
			this.#enqueue({ type: 'text-delta', id, delta });
		}
	}

	/** @param {AssistantMessage} message */
	#end(message) {
		const { id, status, error, finishReason } = message;
		const messageMetadata = metadataOf(message);
		if (this.#text) {
			this.#enqueue({ type: 'text-end', id });
		}
		if (status === 'done') {
			this.#enqueue({ type: 'finish', finishReason: finishReasonOf(finishReason), messageMetadata });
		}
		else {
			this.#enqueue({ type: 'message-metadata', messageMetadata });
			this.#enqueue({ type: 'error', errorText: `${error?.code}: ${error?.message}` });
		}
	}

}

/**
 * Returns the metadata of a message of the SDK.
 * @param {import('./conversation.js').ConversationMessage} message
 */
export function metadataOf(message) {
	const { status, attempt, inReplyTo, createdAt, finishReason, usage, error } = /** @type {AssistantMessage} */ (message);
	const all = { status, attempt, inReplyTo, createdAt, finishReason, usage, error: error?.code };
	return /** @type {ReplyMetadata} */ (Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
}

/** @param {string} [reason] */
function finishReasonOf(reason = '') {
	const known = reason.replace('_', '-');
	return /** @type {FinishReason} */ (FINISH_REASONS.includes(known) ? known : 'other');
}
