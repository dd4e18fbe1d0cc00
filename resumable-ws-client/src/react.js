'use client';
// Hooks for React. Nothing connects while rendering: a client is made by an effect, so that renders that React drops, or runs
// twice, and renders on a server leave nothing behind.

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
 * @property {number} [delay] with `waiting`: ms until the next attempt; `Infinity` while the browser says that it is offline
 * @property {number} [code] the close code that led here
 * @property {string} [reason] why it is not connected; `sign_in_refused`: the user has to sign in again
 * @property {number} reconnects connections after the first
 * @property {number} pending how many messages wait for their acknowledgement
 * @property {ResumableWebSocket['outbox']} outbox these messages, in order
 */

/** One client and the state that is made of its events; remains the same when effects run twice. */
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
	 * Whether this is the channel of a session. A page may name the session that this client was given as if it had been asked for.
	 * @param {Url} url
	 * @param {ProviderOptions} options
	 */
	serves(url, { name, sessionId }) {
		const sameUrl = typeof url === 'function' ? typeof this.#url === 'function' : String(url) === String(this.#url);
		const sameSession = sessionId === this.#options.sessionId || !!sessionId && sessionId === this.socket?.sessionId;
		return sameUrl && name === this.#options.name && sameSession;
	}

	/**
	 * Functions of the last render take the place of those before.
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
		// a part of the page that is hydrated later still has to see what the server has rendered
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
 * Connects while it is mounted, and gives the connection to the hooks of the components inside. Another `url`, `name` or `sessionId` is another
 * connection; the newest `getToken` is used, and other options are those of the first render.
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

/** Returns the state of the connection, and what can be done with it. Does not render when a reply says more. */
export function useConnection() {
	const { connection, reconnect, withdraw } = useChannel();
	const state = useSyncExternalStore(connection.subscribe, connection.getSnapshot, connection.getServerSnapshot);
	return { ...state, reconnect, withdraw };
}

/** Returns the messages of the conversation and what can be done with it. Renders at most once a frame, however much a reply says. */
export function useConversation() {
	const { conversation, send, stop, withdraw } = useChannel();
	const state = useSyncExternalStore(conversation.subscribe, conversation.getSnapshot, conversation.getServerSnapshot);
	return { ...state, send, stop, withdraw };
}

/**
 * Returns a reply, or the newest one; `undefined` if there is none. Renders only when that reply changes.
 * @param {string} [id] that of the {@link AssistantMessage}
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
 * Calls a handler for each DOM event of the client: those of {@link ResumableWebSocketEvents}, and the application's own event types. A component that is mounted together with the
 * provider misses none. The handler may be another one at each render.
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
 * Returns the client itself, for what the hooks do not offer; `null` until the provider is mounted. To be used in effects and event handlers.
 * @returns {ResumableWebSocket | null}
 */
export function useResumableWebSocket() {
	const channel = useChannel();
	return useSyncExternalStore(channel.connection.subscribe, () => channel.socket, () => null);
}
