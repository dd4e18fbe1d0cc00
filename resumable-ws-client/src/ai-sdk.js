// A transport for the chats of the AI SDK: `useChat` over a session. Imports only types of the SDK, so none of its code is loaded.

import { ResumableWebSocket } from './client.js';
import { ChatSession, ResumableChatError } from './chat-session.js';

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
export class ResumableChatTransport {

	/** Read by the SDK: a resumed stream replaces the existing part of the reply. */
	resumeStreamIsReplay = true;
	/** @type {Map<string, ChatSession>} */
	#sessions = new Map();
	/** @type {Map<string, Set<Follower>>} */
	#followers = new Map();
	#options;

	/** @param {ChatOptions & Omit<ResumableWebSocketOptions, 'sessionId' | 'lastEventId' | 'epoch' | 'resume'>} options */
	constructor(options) {
		this.#options = options;
	}

	/**
	 * Sends the last message and streams its reply. Rejects operations that a log does not support: regenerating a reply and editing a message.
	 * @type {ChatTransport<M>['sendMessages']}
	 */
	sendMessages = async ({ trigger, chatId, messages, abortSignal }) => {
		const message = messages.at(-1);
		if (trigger !== 'submit-message' || message?.role !== 'user') {
			throw new ResumableChatError('unsupported', `Cannot do '${trigger}': a session keeps each reply; send the question as a new message`);
		}
		const text = message.parts.map((part) => {
			if (part.type !== 'text') {
				throw new ResumableChatError('unsupported', `Cannot send a part of type '${part.type}': messages of a session are text`);
			}
			return part.text;
		}).join('');
		const session = this.#session(chatId);
		return session.run(async () => {
			const { acknowledged } = await session.send(message.id, text);
			return session.stream({ acknowledged, signal: abortSignal });
		});
	};

	/**
	 * Streams the running reply from its beginning, or the reply to a waiting message; resolves with `null` if there is neither.
	 * @type {ChatTransport<M>['reconnectToStream']}
	 */
	reconnectToStream = async ({ chatId, abortSignal }) => {
		const session = this.#session(chatId);
		return session.run(() => session.resume(abortSignal));
	};

	/**
	 * Resolves with the messages in the log of a chat when they are complete, for `useChat({ messages })`. A running reply is not included: `resume` streams it.
	 * @param {string} chatId
	 * @param {{ signal?: AbortSignal }} [options]
	 * @returns {Promise<M[]>}
	 */
	async messages(chatId, { signal } = {}) {
		const session = this.#session(chatId);
		return session.run(async () => {
			await session.loaded(signal);
			return /** @type {M[]} */ (/** @type {unknown} */ (session.messages()));
		});
	}

	/**
	 * Keeps a chat in sync with its log: with messages of other tabs and devices, and with replies that are restarted with another text.
	 * @param {string} chatId
	 * @param {Follower} chat
	 * @returns {() => void} unsubscribes
	 */
	follow(chatId, chat) {
		const followers = this.#followersOf(chatId);
		followers.add(chat);
		this.#session(chatId).refresh();
		return () => {
			followers.delete(chat);
		};
	}

	/**
	 * Cancels the running and waiting replies of a chat, including a resumed one, which `stop` of `useChat` does not cancel.
	 * @param {string} chatId
	 */
	cancel(chatId) {
		this.#sessions.get(chatId)?.conversation.stop();
	}

	/**
	 * Returns the client of a chat, for the state of its connection and the application's own events.
	 * @param {string} chatId
	 * @returns {Promise<ResumableWebSocket>}
	 */
	client(chatId) {
		return this.#session(chatId).ready;
	}

	/**
	 * Closes the connection of a chat, or of all chats. A chat that is used again reconnects.
	 * @param {string} [chatId]
	 */
	close = (chatId) => {
		for (const [id, session] of this.#sessions) {
			if (chatId === undefined || chatId === id) {
				this.#sessions.delete(id);
				session.close();
			}
		}
	};

	/** @param {string} chatId */
	#session(chatId) {
		let session = this.#sessions.get(chatId);
		if (!session || session.ended) {
			// a page shows one chat at a time; chats that were left need no connection
			this.#sessions.forEach((other, id) => other.idle && this.close(id));
			session = new ChatSession(() => this.#connect(chatId), this.#followersOf(chatId));
			this.#sessions.set(chatId, session);
		}
		return session;
	}

	/** @param {string} chatId */
	#followersOf(chatId) {
		const followers = this.#followers.get(chatId) ?? new Set();
		this.#followers.set(chatId, followers);
		return followers;
	}

	/** @param {string} chatId */
	async #connect(chatId) {
		const { url, name = 'chat', sessionOf, onSession, ...options } = this.#options;
		const sessionId = await sessionOf?.(chatId);
		const socket = new ResumableWebSocket(url, {
			storage: 'local',
			...options,
			name: `${name} ${chatId}`,
			sessionId,
			// the messages are rebuilt from the whole log
			lastEventId: 0,
		});
		socket.addEventListener('open', ({ detail }) => onSession?.({ chatId, sessionId: detail.sessionId }));
		return socket;
	}

}
