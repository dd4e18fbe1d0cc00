// Common code of the tests of the client.

import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import { ResumableWebSocket } from '../src/client.js';

const TIMEOUT = 20_000;
const clients = new Set();

/** Waits for a condition. The error names it if it does not hold in time. */
export async function until(condition, what) {
	for (const deadline = Date.now() + TIMEOUT; !await condition(); await after(2)) {
		if (Date.now() > deadline) {
			throw new Error(`Still waiting for ${what ?? condition}`);
		}
	}
}

/** Returns a client that is closed at the end of the test, with a record of the events that it dispatches. */
export function connect(url, options = {}) {
	const client = new ResumableWebSocket(url, { minDelay: 5, maxDelay: 40, ...options });
	const seen = { event: [], status: [], open: [], reply: [], replaycomplete: [], outbox: [], gone: [], error: [], message: [] };
	for (const type in seen) {
		client.addEventListener(type, ({ detail }) => seen[type].push(detail));
	}
	clients.add(client);
	return Object.assign(client, { seen, ids: () => seen.event.map((event) => event.event_id) });
}

/** Returns the waits between a client's attempts, including past ones, because a test could miss a short one. */
export const waits = (client) => client.seen.status.filter(({ status }) => status === 'waiting');

/** Closes all clients of a test. */
export function closeAll() {
	clients.forEach((client) => client.close());
	clients.clear();
}

/** A storage of a browser. */
export class TestStorage {

	#items = new Map();

	constructor(other) {
		for (let i = 0; i < other?.length; i++) {
			this.setItem(other.key(i), other.getItem(other.key(i)));
		}
	}

	get length() {
		return this.#items.size;
	}

	key(index) {
		return [...this.#items.keys()][index] ?? null;
	}

	getItem(key) {
		return this.#items.get(key) ?? null;
	}

	setItem(key, value) {
		this.#items.set(key, String(value));
	}

	removeItem(key) {
		this.#items.delete(key);
	}

}

export const event = (event_id, type, payload = {}) => ({ type, event_id, payload, created_at: '2026-01-31T12:00:00Z' });
export const tick = (id) => event(id, 'tick', { n: id });
export const started = (id, message_id, more) => event(id, 'assistant_started', { message_id, in_reply_to: 1, ...more });
export const delta = (id, message_id, offset, content) => event(id, 'assistant_delta', { message_id, offset, content });
export const whole = (id, message_id, content, more) =>
	event(id, 'assistant_message', { message_id, content, finish_reason: 'stop', ...more });

/** Asserts that a condition holds for a time in which clients with short delays would connect several times. */
export async function holds(condition) {
	for (const end = Date.now() + 150; Date.now() < end; await after(5)) {
		assert.ok(await condition(), `${condition} no longer holds`);
	}
}

/** The locks of a browser, which all clients of a test share. */
export class FakeLocks {

	#held = new Map();

	async request(name, ...rest) {
		const callback = rest.pop();
		const { ifAvailable } = rest[0] ?? {};
		await undefined;
		while (this.#held.has(name)) {
			if (ifAvailable) {
				return callback(null);
			}
			await this.#held.get(name);
		}
		const held = (async () => callback({ name }))();
		this.#held.set(name, held.catch(() => {}));
		try {
			return await held;
		}
		finally {
			this.#held.delete(name);
		}
	}

	async query() {
		await undefined;
		return { held: [...this.#held.keys()].map((name) => ({ name })), pending: [] };
	}

}

/** Simulates the parts of window and document that the client uses; events of the document bubble to the window. */
export class FakePage {

	listeners = 0;
	#window = new EventTarget();
	#hidden = false;
	#navigator = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

	/** @param {FakeLocks} [locks] the locks of the browser; none by default */
	constructor(locks) {
		this.locks = locks;
		globalThis.addEventListener = this.#counting(this.#window);
		globalThis.document = Object.defineProperty({}, 'hidden', { get: () => this.#hidden });
		this.#set(true);
	}

	set online(online) {
		this.#set(online);
		this.#window.dispatchEvent(new Event(online ? 'online' : 'offline'));
	}

	/** Leaves the page, which the browser may cache. */
	leave() {
		this.#window.dispatchEvent(new Event('pagehide'));
	}

	/** Restores the page from the cache. */
	comeBack() {
		this.#window.dispatchEvent(new Event('pageshow'));
	}

	/** Removes an item of the storage as another tab would. */
	removeElsewhere(storage, key) {
		storage.removeItem(key);
		this.#window.dispatchEvent(Object.assign(new Event('storage'), { key, newValue: null }));
	}

	hide() {
		this.#hidden = true;
		this.#window.dispatchEvent(new Event('visibilitychange'));
	}

	show() {
		this.#hidden = false;
		this.#window.dispatchEvent(new Event('visibilitychange'));
	}

	remove() {
		delete globalThis.addEventListener;
		delete globalThis.document;
		delete globalThis.navigator;
		if (this.#navigator) {
			Object.defineProperty(globalThis, 'navigator', this.#navigator);
		}
	}

	#set(onLine) {
		Object.defineProperty(globalThis, 'navigator', { value: { onLine, locks: this.locks }, configurable: true });
	}

	#counting(target) {
		return (type, listener, { signal }) => {
			target.addEventListener(type, listener, { signal });
			this.listeners++;
			signal.addEventListener('abort', () => this.listeners--);
		};
	}

}
