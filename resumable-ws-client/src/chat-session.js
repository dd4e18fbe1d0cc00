// The session of a chat of the AI SDK: tracks the messages that the SDK has, and streams replies.

import { Conversation } from './conversation.js';
import { ReplyStream, metadataOf } from './reply-stream.js';

/** @typedef {import('ai').UIMessageChunk} UIMessageChunk */
/** @typedef {import('./client.js').ResumableWebSocket} ResumableWebSocket */
/** @typedef {import('./client.js').Acknowledged} Acknowledged */
/** @typedef {import('./conversation.js').Entry} Entry */
/** @typedef {import('./ai-sdk.js').Follower} Follower */

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Browsers have `crypto.randomUUID` only on secure origins. */
const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
	.replace(/^(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-4$3-8$4-');

export class ResumableChatError extends Error {

	name = 'ResumableChatError';

	/**
	 * @param {'unsupported' | 'closed'} code
	 * @param {string} message
	 */
	constructor(code, message) {
		super(message);
		this.code = code;
	}

}

export class ChatSession {

	conversation = new Conversation();
	/** Resolves with the client when its session is known. */
	ready;
	/** @type {ResumableWebSocket | undefined} */
	#socket;
	#resumes = 0;
	#active = 0; // calls of the SDK and streams that have not ended
	#closed = false;
	#failed = false;
	/** @type {Map<string, string>} */
	#keys = new Map(); // keys of the messages that this page has sent, by their ids in the SDK
	#shown = new Set(); // ids of the messages that the SDK has
	#outdated = false; // whether the SDK has text that is not in the log
	#refreshing = false;
	/** @type {Set<number | undefined>} */
	#unwanted = new Set(); // events whose replies are cancelled when they begin
	#followers;

	/**
	 * @param {() => Promise<ResumableWebSocket>} connect
	 * @param {Set<Follower>} followers chats to keep up to date
	 */
	constructor(connect, followers) {
		this.#followers = followers;
		this.ready = connect().then((socket) => this.#attach(socket));
		this.ready.catch(() => this.#failed = true);
	}

	get idle() {
		return !this.#active && !this.#followers.size && !this.#socket?.pending;
	}

	/** Whether there is no client, or the server has closed its connection for good. */
	get ended() {
		return this.#failed || this.#socket?.status === 'closed';
	}

	close() {
		this.#closed = true;
		this.ready.then((socket) => socket.close(), () => {});
	}

	/**
	 * Counts a call of the SDK as active until it has settled.
	 * @template T
	 * @param {() => Promise<T>} call
	 */
	async run(call) {
		this.#active++;
		try {
			return await call();
		}
		finally {
			this.#active--;
			this.refresh();
		}
	}

	/**
	 * Resolves when the log is complete.
	 * @param {AbortSignal} [signal]
	 */
	async loaded(signal) {
		const socket = await this.ready;
		const scope = new AbortController();
		/** @type {AddEventListenerOptions} */
		const listening = { signal: scope.signal };
		await new Promise((resolve, reject) => {
			const check = () => {
				if (signal?.aborted) {
					reject(signal.reason);
				}
				else if (!this.conversation.now().loading) {
					resolve(undefined);
				}
				else if (socket.status === 'closed') {
					reject(new ResumableChatError('closed', 'The connection was closed before the log was read'));
				}
			};
			socket.addEventListener('replaycomplete', check, listening);
			socket.addEventListener('status', check, listening);
			signal?.addEventListener('abort', check, listening);
			check();
		}).finally(() => scope.abort());
	}

	/**
	 * Sends a message of the SDK. Its id is the idempotency key if it is a UUID: such a message is sent exactly once, even after a reload.
	 * @param {string} id
	 * @param {string} text
	 */
	async send(id, text) {
		await this.ready;
		if (this.#has(id)) {
			throw new ResumableChatError('unsupported', `Message ${id} is in the log and cannot be edited or sent again; send a new message`);
		}
		const key = this.#keys.get(id) ?? (UUID.test(id) ? id : randomKey());
		this.#keys.set(id, key);
		this.#shown.add(key);
		return { acknowledged: this.conversation.send(text, { idempotencyKey: key }) };
	}

	/** @param {string} id */
	#has(id) {
		const key = this.#keys.get(id) ?? id;
		return this.conversation.now().messages.some((message) => message.id === key && message.status === 'sent');
	}

	/** Returns all messages except an unfinished reply, which is streamed. */
	messages() {
		const { unfinished } = this;
		const given = new Map([...this.#keys].map(([id, key]) => [key, id]));
		const messages = this.conversation.now().messages.filter((message) =>
			message.role === 'user' ? message.status !== 'failed' : message !== unfinished);
		this.#shown = new Set(messages.map(({ id }) => id));
		this.#outdated = false;
		return messages.map((message) => ({
			id: given.get(message.id) ?? message.id,
			role: message.role,
			metadata: metadataOf(message),
			parts: message.text ? [{ type: 'text', text: message.text, state: 'done' }] : [],
		}));
	}

	/**
	 * Streams the running reply, or the reply to a waiting message; `null` if there is neither.
	 * @param {AbortSignal} [signal] aborted to cancel the reply, and
	 * also when the SDK resumes again, which does not cancel it
	 */
	async resume(signal) {
		const turn = ++this.#resumes;
		await this.loaded(signal);
		const stopped = () => turn === this.#resumes;
		const { unfinished } = this;
		if (unfinished?.role === 'assistant') {
			return this.stream({ entry: this.conversation.entry(unfinished.id), signal, stopped });
		}
		if (unfinished?.eventId) {
			return this.stream({ acknowledged: Promise.resolve(unfinished), signal, stopped });
		}
		const waiting = this.#socket?.outbox.find(({ key }) => key === unfinished?.id);
		return waiting ? this.stream({ acknowledged: waiting.promise, signal, stopped }) : null;
	}

	/** Returns the running reply, or else the next message that will be answered. */
	get unfinished() {
		const { messages } = this.conversation.now();
		// replies follow the order of the messages, so skipped messages get none
		const answered = Math.max(0, ...messages.map((message) => message.role === 'assistant' && message.inReplyTo || 0));
		return messages.find(({ status }) => status === 'running')
			?? messages.find((message) => message.role === 'user' && message.status !== 'failed' && !(Number(message.eventId) <= answered));
	}

	/**
	 * Streams a known reply, or the reply to a message when it begins.
	 * @param {{ entry?: Entry, acknowledged?: Promise<{ eventId?: number }>, signal?: AbortSignal, stopped?: () => boolean }} reply
	 * @returns {ReadableStream<UIMessageChunk>}
	 */
	stream({ entry, acknowledged, signal, stopped = () => true }) {
		const socket = /** @type {ResumableWebSocket} */ (this.#socket);
		const scope = new AbortController();
		/** @type {AddEventListenerOptions} */
		const listening = { signal: scope.signal };
		this.#active++;
		scope.signal.addEventListener('abort', () => {
			this.#active--;
			this.refresh();
		});
		return new ReadableStream({
			start: (controller) => {
				/** @type {number | undefined} */
				let eventId;
				/** @param {UIMessageChunk[]} chunks */
				const end = (...chunks) => {
					if (!scope.signal.aborted) {
						chunks.forEach((chunk) => controller.enqueue(chunk));
						controller.close();
						scope.abort();
					}
				};
				/** @param {unknown} error */
				const fail = (error) => {
					if (!scope.signal.aborted) {
						controller.error(error);
						scope.abort();
					}
				};
				/** Handles streamed text that turned out to be wrong: followers replace it, and without followers the stream ends with an error. */
				const contradict = (/** @type {string} */ errorText) => {
					this.#outdated = true;
					end(.../** @type {UIMessageChunk[]} */ (this.#followers.size ? [] : [{ type: 'error', errorText }]));
				};
				const begin = () => {
					entry ??= eventId === undefined ? undefined : this.conversation.replyTo(eventId);
					if (entry && !scope.signal.aborted) {
						this.#follow(entry, controller, { end, contradict, listening });
						socket.removeEventListener('reply', begin);
					}
				};
				const cancel = () => {
					end({ type: 'abort' });
					setTimeout(() => stopped() && this.#cancel(entry, acknowledged));
				};
				if (signal?.aborted) {
					return cancel();
				}
				signal?.addEventListener('abort', cancel, listening);
				socket.addEventListener('gone', () => {
					// messages that are not stored yet are sent to the next session
					if (entry || eventId !== undefined) {
						contradict('gone: The session is gone; load the messages again');
					}
				}, listening);
				socket.addEventListener('status', ({ detail }) => {
					if (detail.status === 'closed') {
						this.#closed ? end() : fail(new ResumableChatError('closed', `The server has closed the connection (${detail.code})`));
					}
				}, listening);
				socket.addEventListener('reply', begin, listening);
				acknowledged?.then((message) => {
					eventId = message.eventId;
					begin();
				}, fail);
				begin();
			},
			cancel: () => scope.abort(),
		});
	}

	/**
	 * @param {Entry} entry
	 * @param {ReadableStreamDefaultController<UIMessageChunk>} controller
	 * @param {{ end: () => void, contradict: (errorText: string) => void, listening: AddEventListenerOptions }} stream
	 */
	#follow(entry, controller, { end, contradict, listening }) {
		const { id, reply } = entry;
		const stream = new ReplyStream((chunk) => controller.enqueue(chunk));
		/** @param {{ type: string }} [event] */
		const update = (event) => {
			if (reply.error?.code === 'gone') {
				return; // the client dispatches it next
			}
			const state = stream.update(this.conversation.view(entry), event?.type === 'reset');
			if (state === 'ended') {
				end();
			}
			else if (state === 'contradicted') {
				contradict('restarted: Another server has begun this reply again, with another text; load the messages again');
			}
		};
		this.#shown.add(id);
		for (const type of ['delta', 'reset', 'end']) {
			reply.addEventListener(type, update, listening);
		}
		update();
	}

	/**
	 * Cancels a reply, even if it has not begun yet.
	 * @param {Entry} [entry]
	 * @param {Promise<{ eventId?: number }>} [acknowledged]
	 */
	async #cancel(entry, acknowledged) {
		const { eventId } = await Promise.resolve(entry ? undefined : acknowledged).catch(() => undefined) ?? {};
		const known = entry ?? (eventId && this.conversation.replyTo(eventId));
		if (known) {
			// its text in the log may be slightly longer than the streamed text
			known.reply.addEventListener('end', () => {
				this.#outdated = true;
				this.refresh();
			}, { once: true });
			known.reply.cancel();
		}
		else if (eventId) {
			this.#unwanted.add(eventId);
		}
	}

	/** @param {ResumableWebSocket} socket */
	#attach(socket) {
		this.#socket = socket;
		this.conversation.attach(socket);
		socket.addEventListener('reply', ({ detail: reply }) => {
			if (this.#unwanted.delete(reply.inReplyTo)) {
				reply.cancel();
			}
		});
		socket.addEventListener('gone', () => this.#outdated = true);
		for (const type of ['user_message', 'reply', 'replaycomplete']) {
			socket.addEventListener(type, () => this.refresh());
		}
		return socket;
	}

	/** Passes the messages of the log to the followers if they differ from theirs, once nothing is streamed. */
	refresh() {
		if (this.#refreshing || !this.#followers.size) {
			return;
		}
		this.#refreshing = true;
		// the SDK has processed the end of a stream when all microtasks have run
		setTimeout(() => {
			this.#refreshing = false;
			const { messages, loading } = this.conversation.now();
			const behind = messages.some(({ id, status }) => status !== 'failed' && !this.#shown.has(id));
			if (!this.#active && !loading && (this.#outdated || behind)) {
				const current = this.messages();
				this.#followers.forEach(({ setMessages, resumeStream }) => {
					setMessages(current);
					resumeStream();
				});
			}
		});
	}

}
