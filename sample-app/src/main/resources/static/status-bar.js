// Shows the state of the connection.

import { $, copy } from './dom.js';
import { notice } from './notices.js';
import { closeText } from './words.js';

const WORDS = { idle: 'Starting', connecting: 'Connecting', replaying: 'Catching up', open: 'Connected', waiting: 'Reconnecting', closed: 'Closed' };
const TRANSPORTS = { sse: ' by server-sent events', longpoll: ' by long polling' };
const REFUSALS = { 401: 'sign out, and in again', 403: 'open the page at the address that the server expects', 429: 'too many sign-ins; wait a minute' };

export class StatusBar {

	#client;
	#ledger;
	#detail;
	#nextAt; // the time of the next attempt
	#refusal;
	#frame; // the next frame, which shows the figures

	constructor() {
		$('session').addEventListener('click', async () => {
			if (this.#client?.sessionId) {
				notice(await copy(this.#client.sessionId) ? 'The session’s id is on the clipboard' : 'Could not copy');
			}
		});
		$('reconnect').addEventListener('click', () => this.#client.reconnect());
		addEventListener('online', () => this.#show());
		addEventListener('offline', () => this.#show());
		setInterval(() => this.#why(), 500);
	}

	follow(client, ledger) {
		this.#client = client;
		this.#ledger = ledger;
		this.#refusal = undefined;
		client.addEventListener('status', ({ detail }) => client === this.#client && this.#status(detail));
		client.addEventListener('event', () => this.#frame ??= requestAnimationFrame(() => this.#count()));
		client.addEventListener('replaycomplete', () => this.#count());
		this.#status({ status: client.status });
	}

	/** Shows that the server rejected the sign-in. @param status the HTTP status; undefined after a successful sign-in */
	signIn(status) {
		this.#refusal = status;
	}

	/** Shows that the conversation has ended, and is not connected any more. */
	ended(why) {
		this.#client = undefined;
		$('state').dataset.state = 'closed';
		$('state').querySelector('span').textContent = 'Closed';
		$('why').textContent = why;
		$('reconnect').hidden = true;
	}

	#status(detail) {
		this.#detail = detail;
		this.#nextAt = detail.status === 'waiting' ? performance.now() + detail.delay : undefined;
		this.#show();
		this.#count();
	}

	#show() {
		if (this.#client) {
			const { status } = this.#detail;
			const offline = navigator.onLine === false && status !== 'closed';
			$('state').dataset.state = offline ? 'waiting' : status;
			$('state').querySelector('span').textContent = offline ? 'Offline' : this.#words();
			$('reconnect').hidden = status !== 'closed' && status !== 'waiting';
			this.#why();
		}
	}

	#words() {
		const { status } = this.#detail;
		return WORDS[status] + (status === 'open' && TRANSPORTS[this.#client.transport] || '');
	}

	#why() {
		if (!this.#client) {
			return;
		}
		const text = navigator.onLine === false ? 'This device is offline. Messages are sent when it is online again'
			: [this.#cause(), this.#countdown()].filter(Boolean).join(' · ');
		if ($('why').textContent !== text) {
			$('why').textContent = $('why').title = text;
		}
	}

	#cause() {
		const { status, code, reason } = this.#detail;
		if (status === 'closed') {
			return closeText(code);
		}
		if (status !== 'waiting' && !(status === 'connecting' && this.#refusal)) {
			return '';
		}
		if (this.#refusal) {
			return `The server refuses to sign you in (${this.#refusal}): ${REFUSALS[this.#refusal] ?? 'it may be starting'}`;
		}
		return reason === 'sign_in_refused' ? 'The server refuses the connection: its sign-in was not accepted'
			: this.#client.sessionId || code ? closeText(code) : 'The server does not answer';
	}

	#countdown() {
		const seconds = Math.ceil((this.#nextAt - performance.now()) / 1000);
		return seconds > 0 && seconds < Infinity ? `next attempt in ${seconds} s` : '';
	}

	#count() {
		this.#frame = undefined;
		if (this.#client) {
			const { sessionId, lastEventId, reconnects } = this.#client;
			$('session').textContent = sessionId?.slice(0, 8) ?? '–';
			$('session').disabled = !sessionId;
			$('cursor').textContent = lastEventId;
			$('reconnects').textContent = reconnects;
			$('replayed').textContent = this.#ledger.replayed;
			this.#prove();
		}
	}

	#prove() {
		const { received, log, lost, twice, complete } = this.#ledger;
		const ready = this.#client.status === 'open';
		const state = !ready ? 'unknown' : complete ? 'proven' : 'refuted';
		$('proof').dataset.state = state;
		$('proof').textContent = this.#client.status === 'replaying' ? `${received} of ${log}` : !ready ? `${received}, log ?`
			: complete ? `${received} = log ${log} ✓` : `${received} ≠ log ${log} (${lost} lost, ${twice} twice)`;
	}

}
