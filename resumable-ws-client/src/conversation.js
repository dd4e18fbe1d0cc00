// The conversation of a session: the user's messages and the replies, rebuilt from the events of a client.

import { Store } from './store.js';

/** @typedef {import('./client.js').ResumableWebSocket} ResumableWebSocket */
/** @typedef {import('./client.js').Reply} Reply */
/** @typedef {import('./client.js').ResumableWebSocketError} ResumableWebSocketError */

/**
 * A message of the user. Immutable.
 * @typedef {object} UserMessage
 * @property {string} id its idempotency key; the same before and after it is stored
 * @property {'user'} role
 * @property {string} text
 * @property {'pending' | 'sent' | 'failed'} status `pending`: not acknowledged yet; `failed`: finally rejected, see `error`
 * @property {number} [eventId] its event in the log
 * @property {string} [createdAt] in ISO 8601
 * @property {ResumableWebSocketError} [error] the reason of the rejection
 */

/**
 * A reply. Immutable: each state is a new object with the same id.
 * @typedef {object} AssistantMessage
 * @property {string} id the id of its first attempt; the same for all attempts
 * @property {'assistant'} role
 * @property {string} text the text of the present attempt
 * @property {'running' | 'done' | 'failed'} status
 * @property {number} attempt 1, incremented each time another node restarts it
 * @property {boolean} cancelling whether it is being cancelled
 * @property {number} [inReplyTo] the event of the message that it answers
 * @property {string} [createdAt] in ISO 8601
 * @property {string} [finishReason] with `done`: `stop`, `length`, `cancelled`, …
 * @property {unknown} [usage] token counts, with `done`
 * @property {ResumableWebSocketError} [error] with `failed`
 */

/** @typedef {UserMessage | AssistantMessage} ConversationMessage */

/**
 * @typedef {object} ConversationState
 * @property {readonly ConversationMessage[]} messages in log order; waiting and rejected messages of the user are last
 * @property {boolean} loading whether messages of the log are still being loaded
 * @property {boolean} running whether a reply is running
 */

/**
 * A reply in the log. `view` is undefined if the reply has changed since it was last read.
 * @typedef {{ id: string, role: 'assistant', reply: Reply, inReplyTo?: number, createdAt?: string, view?: AssistantMessage }} Entry
 */

/** @type {(entry: UserMessage | Entry) => entry is Entry} */
const isReply = (entry) => entry.role === 'assistant';

/** @type {(entry: UserMessage | Entry) => entry is UserMessage} */
const isUsers = (entry) => entry.role === 'user';

/** @extends {Store<ConversationState>} */
export class Conversation extends Store {

	/** @type {ResumableWebSocket | undefined} */
	#socket;
	/** @type {(UserMessage | Entry)[]} */
	#log = [];
	/**
	 * What is not in the log yet, by key.
	 * @type {Map<string, UserMessage>}
	 */
	#unlogged = new Map();
	/** Promises of messages; a client that is reopened creates new ones. */
	#watched = new WeakSet();
	#loading = true;
	/** @type {Entry | undefined} */
	#undated;

	constructor() {
		super(() => this.now());
	}

	/**
	 * Follows a client from its first event. Must be called in the task that creates the client.
	 * @param {ResumableWebSocket} socket
	 */
	attach(socket) {
		this.#socket = socket;
		socket.addEventListener('user_message', ({ detail }) => this.#said(detail));
		socket.addEventListener('reply', ({ detail }) => this.#begun(detail));
		socket.addEventListener('event', ({ detail }) => this.#dated(detail));
		socket.addEventListener('replaycomplete', () => this.#loaded());
		socket.addEventListener('gone', () => this.#dropped());
		for (const type of ['outbox', 'status']) {
			socket.addEventListener(type, () => this.#sync());
		}
		this.#sync();
	}

	/**
	 * Sends a message of the user.
	 * @param {string} text
	 * @param {{ idempotencyKey?: string, signal?: AbortSignal }} [options]
	 */
	send(text, { idempotencyKey, signal } = {}) {
		if (!this.#socket) {
			throw new Error('There is no connection yet: send messages from event handlers and effects, not while rendering');
		}
		const sent = this.#socket.send({ type: 'user_message', content: text, idempotency_key: idempotencyKey }, { signal });
		this.#sync();
		return sent;
	}

	/**
	 * Withdraws a waiting message, or removes a rejected one.
	 * @param {string} id
	 */
	withdraw(id) {
		this.#socket?.withdraw(id);
		if (this.#unlogged.get(id)?.status === 'failed') {
			this.#unlogged.delete(id);
			this.publish();
		}
	}

	/** Cancels the running replies and those to waiting messages. */
	stop() {
		this.#socket?.cancel();
		this.#log.filter(isReply).forEach((entry) => entry.reply.status === 'running' && delete entry.view);
		this.publish();
	}

	/**
	 * Returns the current state, including unpublished changes.
	 * @returns {ConversationState}
	 */
	now() {
		const messages = this.#log.map((entry) => isReply(entry) ? this.view(entry) : entry);
		return {
			messages: [...messages, ...this.#unlogged.values()],
			loading: this.#loading,
			running: messages.some(({ status }) => status === 'running'),
		};
	}

	/**
	 * Returns the reply with an id.
	 * @param {string} id
	 */
	entry(id) {
		return this.#log.filter(isReply).find((entry) => entry.id === id);
	}

	/**
	 * Returns the reply to a message, if it has begun.
	 * @param {number} eventId
	 */
	replyTo(eventId) {
		return this.#log.filter(isReply).find(({ inReplyTo }) => inReplyTo === eventId);
	}

	/**
	 * Returns the current state of a reply.
	 * @param {Entry} entry
	 * @returns {AssistantMessage}
	 */
	view(entry) {
		return entry.view ??= viewOf(entry);
	}

	/** @param {any} event */
	#said({ event_id, payload, created_at }) {
		const id = payload.idempotency_key ?? `event-${event_id}`;
		this.#unlogged.delete(id);
		this.#log.push({ id, role: 'user', text: payload.content, status: 'sent', eventId: event_id, createdAt: created_at });
		this.publishSoon();
	}

	/** @param {Reply} reply */
	#begun(reply) {
		// a reply that was stopped while it waited for its turn ends without saying what it answers: the oldest message
		const inReplyTo = reply.inReplyTo ?? this.#oldestUnanswered()?.eventId;
		/** @type {Entry} */
		const entry = { id: reply.id, role: 'assistant', reply, inReplyTo };
		const change = () => {
			delete entry.view;
			this.publishSoon();
		};
		for (const type of ['delta', 'reset', 'end']) {
			reply.addEventListener(type, change);
		}
		this.#log.push(entry);
		this.#undated = entry;
		change();
	}

	#oldestUnanswered() {
		const answered = new Set(this.#log.filter(isReply).map(({ inReplyTo }) => inReplyTo));
		return this.#log.filter(isUsers).find(({ eventId }) => !answered.has(eventId));
	}

	/** @param {any} event the one that a reply has begun with follows it */
	#dated({ payload, created_at }) {
		const entry = this.#undated;
		if (entry && entry.reply.id === payload.message_id) {
			this.#undated = undefined;
			entry.createdAt = created_at;
			delete entry.view;
			this.publishSoon();
		}
	}

	#loaded() {
		this.#loading = false;
		this.publishSoon();
	}

	/** The session could not be resumed; its log comes again from the beginning, or it is a new one. */
	#dropped() {
		this.#log = [];
		this.#loading = true;
		this.#unlogged.forEach(({ id, status }) => status === 'sent' && this.#unlogged.delete(id));
		this.#sync();
		this.publish();
	}

	/** Adds what is new in the outbox. What leaves it stays until it is in the log: an acknowledgement may come before the event. */
	#sync() {
		for (const { key, message, time, promise } of this.#socket?.outbox ?? []) {
			if (message.type !== 'user_message' || this.#watched.has(promise) || this.#isLogged(key)) {
				continue;
			}
			this.#watched.add(promise);
			const createdAt = new Date(time).toISOString();
			this.#unlogged.set(key, { id: key, role: 'user', text: String(message.content), status: 'pending', createdAt });
			promise.then(({ eventId }) => this.#settled(key, { status: 'sent', eventId }), (error) => this.#refused(key, error));
			this.publish();
		}
	}

	/** @param {string} key */
	#isLogged(key) {
		return this.#log.some(({ id }) => id === key);
	}

	/**
	 * @param {string} key
	 * @param {Pick<UserMessage, 'status' | 'eventId' | 'error'>} result
	 */
	#settled(key, result) {
		const message = this.#unlogged.get(key);
		if (message) {
			this.#unlogged.set(key, { ...message, ...result });
			this.publishSoon();
		}
	}

	/**
	 * @param {string} key
	 * @param {ResumableWebSocketError} error
	 */
	#refused(key, error) {
		if (error.code === 'closed' || error.code === 'taken_over') {
			return; // it is kept, and sent by another client of the session
		}
		if (error.code === 'withdrawn') {
			this.#unlogged.delete(key);
			this.publish();
		}
		else {
			this.#settled(key, { status: 'failed', error });
		}
	}

}

/**
 * @param {Entry} entry
 * @returns {AssistantMessage}
 */
function viewOf({ id, reply, inReplyTo, createdAt }) {
	const { text, status, attempt, finishReason, usage, error } = reply;
	const cancelling = status === 'running' && !!reply.cancelling;
	return { id, role: 'assistant', text, status, attempt, cancelling, inReplyTo, createdAt, finishReason, usage, error };
}
