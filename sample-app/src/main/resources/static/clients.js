// The clients of this browser's user: one for the conversation that is shown, and one for each other conversation in which
// a message waits to be sent, until it is.

import { ResumableWebSocket } from '/resumable-ws/client.js';
import { unsent } from '/resumable-ws/unsent.js';
import { store } from './store.js';
import { turnOf } from './upstream.js';
import { userName } from './user.js';

export const CONNECTED = ['replaying', 'open'];

/**
 * Dispatches `unsent` when the number of waiting messages may have changed, `delivered` when those of a hidden
 * conversation were sent, and `undeliverable` with messages of a deleted conversation.
 */
export class Clients extends EventTarget {

	shown;

	#url;
	#options;
	#couriers = new Set();

	/** @param url, options the arguments of each client */
	constructor(url, options) {
		super();
		this.#url = url;
		this.#options = options;
		addEventListener('storage', ({ key }) => key?.startsWith('resumable-ws') && this.#changed()); // of another tab
		addEventListener('beforeunload', (event) => {
			if (!store.works && this.#all.some(({ pending }) => pending)) {
				event.preventDefault(); // unsent messages are not stored
			}
		});
	}

	/** Opens the client of the conversation to show. @param sessionId its session; null for a new one */
	open(sessionId) {
		this.#leave();
		[...this.#couriers].filter((courier) => courier.sessionId === sessionId).forEach((courier) => this.#dismiss(courier));
		this.shown = this.#create(sessionId, { presence: true });
		return this.shown;
	}

	/** Closes the client of a deleted conversation. @returns its unsent messages */
	end() {
		const client = this.shown;
		this.shown = undefined;
		return this.#abandon(client);
	}

	/** Closes all clients, because the user changes. Unsent messages are kept for their user. */
	close() {
		this.shown?.close();
		this.shown = undefined;
		[...this.#couriers].forEach((courier) => this.#dismiss(courier));
	}

	/** Sends the messages that other pages, or this one before a reload, have left unsent. */
	deliver() {
		for (const sessionId of this.#stored().keys()) {
			if (!this.#all.some((client) => client.sessionId === sessionId)) {
				this.#employ(this.#create(sessionId));
			}
		}
	}

	/** @returns the number of waiting messages of each conversation by session id; null for a new one */
	unsent() {
		const counts = this.#stored();
		for (const { sessionId, pending } of this.#all) {
			counts.delete(sessionId);
			if (pending) {
				counts.set(sessionId, pending);
			}
		}
		return counts;
	}

	get #all() {
		return [...this.#couriers, ...(this.shown ? [this.shown] : [])];
	}

	#stored() {
		return new Map(unsent({ name: userName() }).map(({ sessionId, count }) => [sessionId, count]));
	}

	#create(sessionId, more) {
		return new ResumableWebSocket(this.#url, { ...this.#options, ...more, sessionId, name: userName() });
	}

	/** Stops showing the conversation. */
	#leave() {
		const client = this.shown;
		this.shown = undefined;
		if (client?.pending && client.status !== 'closed') {
			this.#employ(client);
		}
		else {
			client?.close();
		}
	}

	#employ(client) {
		this.#couriers.add(client);
		const settle = () => {
			if (this.#couriers.has(client) && !client.pending && CONNECTED.includes(client.status)) {
				this.#dismiss(client);
				this.dispatchEvent(new Event('delivered'));
			}
			this.#changed();
		};
		const gone = () => {
			if (this.#couriers.has(client)) {
				this.dispatchEvent(new CustomEvent('undeliverable', { detail: this.#abandon(client) }));
			}
		};
		client.addEventListener('outbox', settle);
		client.addEventListener('gone', gone); // its messages are not for another conversation
		client.addEventListener('status', ({ detail }) => detail.status === 'closed' ? gone() : settle());
		settle();
	}

	#abandon(client) {
		const messages = client.outbox;
		this.#dismiss(client);
		messages.forEach(({ key }) => client.withdraw(key));
		this.#changed();
		return messages.map(({ key, message }) => ({ key, content: turnOf(message).content }));
	}

	#dismiss(client) {
		this.#couriers.delete(client);
		client.close();
	}

	#changed() {
		this.dispatchEvent(new Event('unsent'));
	}

}
