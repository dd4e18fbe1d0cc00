// What the connection is doing: for the curious, and for those who break things.

import { $, announce, copy } from './dom.js';

const WORDS = { idle: 'Starting', connecting: 'Connecting', replaying: 'Catching up', open: 'Connected', waiting: 'Reconnecting', closed: 'Closed' };

export class StatusBar {

	#client;
	#lostAt;

	constructor() {
		$('session').addEventListener('click', async () => {
			if (this.#client?.sessionId) {
				this.notice(await copy(this.#client.sessionId) ? 'The session’s id is on the clipboard' : 'Could not copy');
			}
		});
		$('reconnect').addEventListener('click', () => this.#client.reconnect());
	}

	follow(client) {
		this.#client = client;
		this.#lostAt = undefined;
		$('notice').textContent = '';
		client.addEventListener('status', ({ detail }) => this.#status(detail));
		client.addEventListener('event', () => requestAnimationFrame(() => this.#count()));
		client.addEventListener('replaycomplete', ({ detail }) => this.#back(detail));
		this.#status({ status: client.status });
	}

	/** Says what happened, to everybody. */
	notice(text) {
		$('notice').textContent = text;
		announce(text);
	}

	#status({ status, delay, code }) {
		const offline = status === 'waiting' && delay === Infinity;
		$('state').dataset.state = status;
		$('state').querySelector('span').textContent = offline ? 'Offline' : WORDS[status];
		$('reconnect').hidden = status !== 'closed' && status !== 'waiting';
		if (status === 'waiting') {
			this.#lostAt ??= performance.now();
			$('notice').textContent = `Connection lost${code ? ` (${code})` : ''}`;
		}
		this.#count();
	}

	#back({ count }) {
		if (this.#lostAt) {
			const seconds = ((performance.now() - this.#lostAt) / 1000).toFixed(1);
			this.notice(`Back after ${seconds} s, ${count === 1 ? '1 event' : `${count} events`} replayed`);
			this.#lostAt = undefined;
		}
		this.#count();
	}

	#count() {
		const { sessionId, lastEventId, reconnects, replayed } = this.#client;
		$('session').textContent = sessionId?.slice(0, 8) ?? '–';
		$('session').disabled = !sessionId;
		$('cursor').textContent = lastEventId;
		$('reconnects').textContent = reconnects;
		$('replayed').textContent = replayed;
	}

}
