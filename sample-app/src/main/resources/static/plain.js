// The same questions over a WebSocket without resumption, for comparison: it reconnects, as most pages do, and continues
// with new messages. Messages sent during the break are lost.

import { $, element } from './dom.js';
import { breakage } from './breakage.js';

const RECONNECT = 1_000;

export class PlainChat {

	#token;
	#socket;
	#timer;
	#exchange; // the last question, and what was received of its answer
	#list = $('plain-messages');

	/** @param {() => string | undefined} token returns the token of the chat */
	constructor(token) {
		this.#token = token;
		$('compare').addEventListener('click', () => this.#toggle($('plain').hidden));
		$('close-plain').addEventListener('click', () => {
			this.#toggle(false);
			$('compare').focus();
		});
		breakage.addEventListener('rerouted', () => this.#socket?.close());
	}

	get open() {
		return !$('plain').hidden;
	}

	/** Sends the question of the chat, if the comparison is open. */
	ask(content) {
		if (!this.open) {
			return;
		}
		const body = element('div', { class: 'plain-body' });
		const note = element('p', { class: 'note' });
		this.#list.append(element('article', { class: 'plain-answer' }, element('p', { class: 'plain-question' }, content), body, note));
		this.#exchange = { content, body, note, state: 'running' };
		if (this.#socket?.readyState === WebSocket.OPEN) {
			this.#socket.send(JSON.stringify({ content }));
		}
		else {
			this.#end('unsent', 'Not sent: there is no connection, and nothing keeps the message');
		}
		this.#toEnd();
	}

	/** Handles the complete answer of the chat. @param text its text */
	compare(content, text) {
		const exchange = this.#exchange;
		if (exchange && exchange.content === content) {
			exchange.whole = text;
			this.#verdict(exchange);
		}
	}

	clear() {
		this.#list.replaceChildren();
		this.#exchange = undefined;
	}

	#toggle(open) {
		$('plain').hidden = !open;
		$('compare').setAttribute('aria-expanded', open);
		clearTimeout(this.#timer);
		if (open) {
			this.#connect();
		}
		else {
			this.#socket?.close();
			this.#socket = undefined;
			this.clear();
		}
	}

	#connect() {
		this.#state('connecting');
		let socket;
		try {
			breakage.network();
			socket = new WebSocket(breakage.address('/plain'), ['plain', `jwt-${this.#token()}`]);
		}
		catch {
			this.#again();
			return;
		}
		this.#socket = socket;
		socket.onopen = () => this.#state('open');
		socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
		socket.onclose = () => {
			if (socket === this.#socket) {
				this.#lost();
			}
		};
	}

	#again() {
		if (this.open) {
			this.#state('waiting');
			this.#timer = setTimeout(() => this.#connect(), RECONNECT);
		}
	}

	#receive({ delta, done, error }) {
		const exchange = this.#exchange;
		if (!exchange) {
			return;
		}
		if (delta) {
			exchange.body.append(delta);
			this.#toEnd();
		}
		else if (done) {
			this.#end('done', '');
		}
		else if (error) {
			this.#end('failed', `Refused: ${error}`);
		}
	}

	#lost() {
		if (this.#exchange?.state === 'running') {
			this.#end('lost', 'The connection was lost here, along with the rest of the answer');
		}
		this.#again();
	}

	#end(state, why) {
		this.#exchange.state = state;
		this.#exchange.note.dataset.state = state;
		this.#exchange.note.textContent = why;
		this.#verdict(this.#exchange);
	}

	/** Shows how much of the answer was received, once both have ended. */
	#verdict({ state, whole, body, note }) {
		const got = body.textContent.length;
		if (whole !== undefined && state !== 'running') {
			const digits = new Intl.NumberFormat();
			note.textContent = state === 'done' ? `Complete: ${digits.format(got)} characters`
				: `${digits.format(got)} of ${digits.format(whole.length)} characters: ${digits.format(Math.max(0, whole.length - got))} lost`;
		}
	}

	#state(state) {
		$('plain-state').dataset.state = state;
		$('plain-state').textContent = { connecting: 'Connecting', open: 'Connected', waiting: 'Reconnecting' }[state];
	}

	#toEnd() {
		this.#list.scrollTop = this.#list.scrollHeight;
	}

}
