// The presence of a conversation: its number of connections, and whether someone is typing on another one.

import { CONNECTED } from './clients.js';
import { $ } from './dom.js';

const SAY_INTERVAL = 1_000;
const SHOWN = 3_000;

export class Others {

	#client;
	#connections = new Set();
	#saidAt = -SAY_INTERVAL;
	#timer;

	constructor() {
		$('input').addEventListener('input', () => this.#typed());
	}

	follow(client) {
		this.#client = client;
		this.#clear();
		const listen = (type, listener) => client.addEventListener(type, ({ detail }) => client === this.#client && listener(detail));
		listen('presence', (presence) => this.#present(presence));
		listen('typing', () => this.#show());
		listen('status', ({ status }) => CONNECTED.includes(status) || this.#clear());
	}

	/** Hides the typing indicator after a message was sent. */
	said() {
		clearTimeout(this.#timer);
		$('typing').textContent = '';
	}

	#clear() {
		this.#connections.clear();
		this.#count();
		this.said();
	}

	#typed() {
		const now = performance.now();
		if ($('input').value && now - this.#saidAt >= SAY_INTERVAL) {
			this.#saidAt = now;
			this.#client?.sendEphemeral('typing', {});
		}
	}

	#show() {
		$('typing').textContent = 'typing…';
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.said(), SHOWN);
	}

	#present({ complete, joined, left }) {
		if (complete) {
			this.#connections.clear();
		}
		left.forEach(({ connection_id: id }) => this.#connections.delete(id));
		joined.forEach(({ connection_id: id }) => this.#connections.add(id));
		this.#count();
	}

	#count() {
		const { size } = this.#connections;
		$('presence').hidden = size < 2;
		$('presence').querySelector('b').textContent = size;
	}

}
