// A transport for the chats of the AI SDK: `useChat` over a session. Only types of the SDK are used, so nothing of it is loaded.

import { ResumableWebSocket } from './client.js';
import { ChatSession, ResumableChatError } from './chat-session.js';

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
export class ResumableChatTransport {

	/** For the SDK: what is resumed takes the place of what is there of the reply. */
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
	 * Sends the last message, and streams the reply to it. Rejects what a log cannot do: a reply is not said again, and a message is not edited.
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
	 * Streams the reply that runs, from its beginning, or the one that a message waits for; resolves with `null` if there is neither.
	 * @type {ChatTransport<M>['reconnectToStream']}
	 */
	reconnectToStream = async ({ chatId, abortSignal }) => {
		const session = this.#session(chatId);
		return session.run(() => session.resume(abortSignal));
	};

	/**
	 * Returns the messages in the log of a chat, for `useChat({ messages })`, when they are all there. A reply that runs is not among them: it comes by `resume`.
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
	 * Keeps a chat up to date with its log: with what other tabs and devices say, and when a reply is begun again with another text.
	 * @param {string} chatId
	 * @param {Follower} chat
	 * @returns {() => void} ends that
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
	 * Stops the replies of a chat that run or wait, also one that was resumed, which `stop` of `useChat` does not reach.
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
	 * Closes the connection of a chat, or all. A chat that is used again connects again.
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
			// a page shows one chat after the other; those that are left need no connection
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
