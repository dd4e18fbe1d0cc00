'use client';
// Hooks for React. Rendering has no side effects: an effect creates the client, so that discarded, repeated and server-side
// renders do not connect.

import { createContext, createElement, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { ResumableWebSocket } from './client.js';
import { Conversation } from './conversation.js';
import { Store } from './store.js';

/** @typedef {import('./client.js').ResumableWebSocketOptions} ResumableWebSocketOptions */
/** @typedef {import('./client.js').Status} Status */
/** @typedef {import('./client.js').SessionEvent} SessionEvent */
/** @typedef {import('./client.js').ResumableWebSocketEvents} ResumableWebSocketEvents */
/** @typedef {import('./conversation.js').ConversationMessage} ConversationMessage */
/** @typedef {import('./conversation.js').UserMessage} UserMessage */
/** @typedef {import('./conversation.js').AssistantMessage} AssistantMessage */
/** @typedef {ConstructorParameters<typeof ResumableWebSocket>[0]} Url */
/** @typedef {Omit<ResumableWebSocketOptions, 'resume' | 'lastEventId' | 'epoch'>} ProviderOptions */

/**
 * @typedef {object} ConnectionState
 * @property {Status} status `idle` until the component is mounted, and on a server
 * @property {string | null} sessionId
 * @property {number} [delay] with `waiting`: ms until the next attempt; `Infinity` while the browser reports being offline
 * @property {number} [code] the close code that led here
 * @property {string} [reason] the reason why it is not connected; `sign_in_refused`: the user must sign in again
 * @property {number} reconnects number of connections after the first
 * @property {number} pending number of messages waiting for their acknowledgement
 * @property {ResumableWebSocket['outbox']} outbox these messages, in order
 */

/** A client and the state derived from its events; stays the same when effects run twice. */
class Channel {

	/** @type {ResumableWebSocket | null} */
	socket = null;
	/** @type {{ delay?: number, code?: number, reason?: string }} */
	#detail = {};
	/** @type {Store<ConnectionState>} */
	connection = new Store(() => {
		const { status = 'idle', sessionId = null, reconnects = 0, pending = 0, outbox = [] } = this.socket ?? {};
		const { delay, code, reason } = this.#detail;
		return { status, sessionId, delay, code, reason, reconnects, pending, outbox };
	});
	conversation = new Conversation();
	/** @type {Set<[string, (event: any) => void]>} */
	#listeners = new Set();
	/** @type {Url} */
	#url;
	/** @type {ProviderOptions} */
	#options;

	/**
	 * @param {Url} url
	 * @param {ProviderOptions} options
	 */
	constructor(url, options) {
		this.#url = url;
		this.#options = options;
	}

	/**
	 * Returns whether this channel serves the given session. A page may pass the session that the server assigned to this client.
	 * @param {Url} url
	 * @param {ProviderOptions} options
	 */
	serves(url, { name, sessionId }) {
		const sameUrl = typeof url === 'function' ? typeof this.#url === 'function' : String(url) === String(this.#url);
		const sameSession = sessionId === this.#options.sessionId || !!sessionId && sessionId === this.socket?.sessionId;
		return sameUrl && name === this.#options.name && sameSession;
	}

	/**
	 * Replaces the functions with those of the last render.
	 * @param {Url} url
	 * @param {ProviderOptions} options
	 */
	update(url, { getToken }) {
		this.#url = url;
		this.#options = { ...this.#options, getToken };
	}

	open() {
		if (this.socket) {
			this.socket.reconnect();
			return;
		}
		// a part of the page that is hydrated later must still see the state that the server has rendered
		this.connection.getServerSnapshot();
		this.conversation.getServerSnapshot();
		const { getToken } = this.#options;
		const url = this.#url;
		const socket = this.socket = new ResumableWebSocket(typeof url === 'function' ? (request) => /** @type {typeof url} */ (this.#url)(request) : url, {
			...this.#options,
			// the conversation is rebuilt from the whole log
			resume: 'session',
			getToken: getToken && ((attempt) => /** @type {typeof getToken} */ (this.#options.getToken)(attempt)),
		});
		this.conversation.attach(socket);
		socket.addEventListener('status', ({ detail }) => {
			this.#detail = detail;
			this.connection.publish();
		});
		for (const type of ['open', 'outbox']) {
			socket.addEventListener(type, () => this.connection.publish());
		}
		this.#listeners.forEach(([type, listener]) => socket.addEventListener(type, listener));
		this.connection.publish();
	}

	close() {
		this.socket?.close();
	}

	/**
	 * @param {string} type
	 * @param {(event: any) => void} listener
	 */
	listen(type, listener) {
		/** @type {[string, (event: any) => void]} */
		const entry = [type, listener];
		this.#listeners.add(entry);
		this.socket?.addEventListener(type, listener);
		return () => {
			this.#listeners.delete(entry);
			this.socket?.removeEventListener(type, listener);
		};
	}

	/** @param {{ force?: boolean }} [options] */
	reconnect = (options) => this.socket?.reconnect(options);

	/** @param {string} text */
	send = (text) => this.conversation.send(text);

	stop = () => this.conversation.stop();

	/** @param {string} id */
	withdraw = (id) => this.conversation.withdraw(id);

}

const Context = createContext(/** @type {Channel | null} */ (null));

/** @returns {Channel} */
function useChannel() {
	const channel = useContext(Context);
	if (!channel) {
		throw new Error('There is no <ResumableWebSocketProvider> around this component');
	}
	return channel;
}

/**
 * Connects while it is mounted, and provides the connection to the hooks of its children. A change of `url`, `name` or `sessionId` opens a new connection.
 * The latest `getToken` is used; all other options are read on the first render only.
 * @param {ProviderOptions & { url: Url, children?: import('react').ReactNode }} props
 */
export function ResumableWebSocketProvider({ url, children, ...options }) {
	const [known, setKnown] = useState(() => new Channel(url, options));
	let channel = known;
	if (!known.serves(url, options)) {
		channel = new Channel(url, options);
		setKnown(channel);
	}
	useEffect(() => channel.update(url, options));
	useEffect(() => {
		channel.open();
		return () => channel.close();
	}, [channel]);
	return createElement(Context.Provider, { value: channel }, children);
}

/** Returns the state and the actions of the connection. Does not render when a reply grows. */
export function useConnection() {
	const { connection, reconnect, withdraw } = useChannel();
	const state = useSyncExternalStore(connection.subscribe, connection.getSnapshot, connection.getServerSnapshot);
	return { ...state, reconnect, withdraw };
}

/** Returns the messages and the actions of the conversation. Renders at most once per frame. */
export function useConversation() {
	const { conversation, send, stop, withdraw } = useChannel();
	const state = useSyncExternalStore(conversation.subscribe, conversation.getSnapshot, conversation.getServerSnapshot);
	return { ...state, send, stop, withdraw };
}

/**
 * Returns a reply, or the newest one; `undefined` if there is none. Renders only when that reply changes.
 * @param {string} [id] the id of the {@link AssistantMessage}
 * @returns {AssistantMessage | undefined}
 */
export function useReply(id) {
	const { conversation } = useChannel();
	/** @param {import('./conversation.js').ConversationState} state */
	const select = ({ messages }) => messages.findLast((message) => message.role === 'assistant' && (id === undefined || message.id === id));
	const reply = useSyncExternalStore(conversation.subscribe, () => select(conversation.getSnapshot()),
		() => select(conversation.getServerSnapshot()));
	return /** @type {AssistantMessage | undefined} */ (reply);
}

/**
 * Calls a handler for each DOM event of the client: those of {@link ResumableWebSocketEvents}, and the application's own event types. A component that is
 * mounted together with the provider receives all events. The handler may change on each render.
 * @template {string} T
 * @param {T} type
 * @param {(detail: T extends keyof ResumableWebSocketEvents ? ResumableWebSocketEvents[T] : SessionEvent) => void} handler
 */
export function useSocketEvent(type, handler) {
	const channel = useChannel();
	const latest = useRef(handler);
	useEffect(() => {
		latest.current = handler;
	});
	useEffect(() => channel.listen(type, ({ detail }) => latest.current(detail)), [channel, type]);
}

/**
 * Returns the client itself, for features without a hook; `null` until the provider is mounted. Use it in effects and event handlers only.
 * @returns {ResumableWebSocket | null}
 */
export function useResumableWebSocket() {
	const channel = useChannel();
	return useSyncExternalStore(channel.connection.subscribe, () => channel.socket, () => null);
}
