// The server's messages as they come, the newest last.

import { $, element } from './dom.js';

const MOST = 300;

export class EventDrawer {

	#messages = []; // what came while the drawer was closed or the page not painted is shown later
	#frame;
	#list = $('event-list');

	constructor() {
		$('show-events').addEventListener('click', () => this.#toggle($('events').hidden));
		$('close-events').addEventListener('click', () => {
			this.#toggle(false);
			$('show-events').focus();
		});
		$('clear-events').addEventListener('click', () => this.clear());
	}

	get open() {
		return !$('events').hidden;
	}

	close() {
		$('close-events').click();
	}

	follow(client) {
		this.clear();
		client.addEventListener('message', ({ detail }) => {
			this.#messages.push({ message: detail, at: new Date() });
			if (this.#messages.length > MOST) {
				this.#messages.shift();
			}
			this.#paintSoon();
		});
	}

	clear() {
		this.#messages = [];
		this.#list.replaceChildren();
	}

	#toggle(open) {
		$('events').hidden = !open;
		$('show-events').setAttribute('aria-expanded', open);
		if (open) {
			this.#paint();
			$('close-events').focus();
		}
	}

	#paintSoon() {
		if (this.open) {
			this.#frame ??= requestAnimationFrame(() => this.#paint());
		}
	}

	#paint() {
		this.#frame = undefined;
		const pinned = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
		this.#list.append(...this.#messages.splice(0).map(entry));
		while (this.#list.childElementCount > MOST) {
			this.#list.firstElementChild.remove();
		}
		if (pinned) {
			this.#list.scrollTop = this.#list.scrollHeight;
		}
	}

}

function entry({ message, at }) {
	const { type, event_id: id, replay, payload, created_at: _, ...control } = message;
	const durable = payload !== undefined;
	return element('li', { data: { kind: durable ? 'event' : 'control' } },
		element('details', {},
			element('summary', {},
				element('span', { class: 'id' }, durable ? String(id) : '·'),
				element('span', { class: 'type' }, type),
				...(replay ? [element('span', { class: 'badge' }, 'replay')] : []),
				element('span', { class: 'gist' }, gist(durable ? payload : control)),
				element('time', { datetime: at.toISOString() }, at.toLocaleTimeString([], { minute: '2-digit', second: '2-digit' }))),
			element('pre', {}, JSON.stringify(message, null, 2))));
}

function gist(fields) {
	const text = fields.content ?? fields.finish_reason ?? fields.reason ?? fields.code ?? fields.message_id ?? fields.idempotency_key
		?? fields.session_id ?? fields.reconnect_after_ms ?? fields.last_event_id ?? '';
	return String(text).replace(/\s+/g, ' ').slice(0, 80);
}
