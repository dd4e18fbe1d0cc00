// The server's messages as they arrive, the newest last. All pieces of an answer share one line. Events of the connection
// are also shown above them, where they remain.

import { $, element } from './dom.js';
import { closeText } from './words.js';

const MOST = 300;
const CONNECTION_MOST = 6;
const PIECES = 40; // the number of pieces of a run that can be inspected, the newest ones
const CONTROLS = ['session_init', 'replay_complete', 'server_restarting', 'session_epoch'];

export class EventDrawer {

	#client;
	#entries = []; // messages to show when the drawer is open, the page visible and the list not paused
	#frame;
	#list = $('event-list');
	#connection = $('connection-list');
	#runs = new Map(); // the last lines, if they show pieces, by answer
	#paused = false;

	constructor() {
		$('show-events').addEventListener('click', () => this.#toggle($('events').hidden));
		$('close-events').addEventListener('click', () => {
			this.#toggle(false);
			$('show-events').focus();
		});
		$('clear-events').addEventListener('click', () => this.clear());
		this.#list.addEventListener('pointerenter', () => this.#pause(true));
		this.#list.addEventListener('pointerleave', () => this.#pause(false));
	}

	get open() {
		return !$('events').hidden;
	}

	close() {
		$('close-events').click();
	}

	follow(client) {
		this.#client = client;
		this.clear();
		this.#connection.replaceChildren();
		client.addEventListener('message', ({ detail }) => {
			if (client !== this.#client) {
				return;
			}
			const entry = { message: detail, at: new Date() };
			this.#add(entry);
			if (CONTROLS.includes(detail.type)) {
				this.#pin(line(entry));
			}
		});
		client.addEventListener('status', ({ detail: { status, code } }) => {
			if (status === 'waiting' && client === this.#client) {
				const at = new Date();
				this.#add({ lost: closeText(code), at });
				this.#pin(lostLine(closeText(code), at));
			}
		});
	}

	clear() {
		this.#entries = [];
		this.#runs.clear();
		this.#list.replaceChildren();
		this.#showPaused();
	}

	toggle() {
		$('show-events').click();
	}

	#add(entry) {
		this.#entries.push(entry);
		if (this.#entries.length > 10 * MOST) {
			this.#entries.shift();
		}
		this.#showPaused();
		this.#paintSoon();
	}

	#pin(pinned) {
		this.#connection.append(pinned);
		while (this.#connection.childElementCount > CONNECTION_MOST) {
			this.#connection.firstElementChild.remove();
		}
		this.#connection.scrollTop = this.#connection.scrollHeight;
	}

	#toggle(open) {
		$('events').hidden = !open;
		$('show-events').setAttribute('aria-expanded', open);
		if (open) {
			this.#paint();
			this.#list.scrollTop = this.#list.scrollHeight;
			$('close-events').focus();
		}
	}

	#pause(paused) {
		this.#paused = paused;
		this.#showPaused();
		this.#paintSoon();
	}

	#showPaused() {
		const waiting = this.#entries.length;
		$('events-paused').hidden = !this.#paused;
		$('events-paused').textContent = waiting ? `Paused while you point at it: ${waiting} more` : 'Paused while you point at it';
	}

	#paintSoon() {
		if (this.open && !this.#paused) {
			this.#frame ??= requestAnimationFrame(() => this.#paint());
		}
	}

	#paint() {
		this.#frame = undefined;
		const pinned = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
		this.#entries.splice(0).forEach((entry) => this.#append(entry));
		while (this.#list.childElementCount > MOST) {
			this.#list.firstElementChild.remove();
		}
		if (pinned) {
			this.#list.scrollTop = this.#list.scrollHeight;
		}
	}

	#append(entry) {
		const piece = entry.lost ? undefined : pieceOf(entry.message);
		const run = this.#runs.get(piece?.of);
		if (run?.takes(entry.message)) {
			run.add(entry);
		}
		else if (piece) {
			const begun = new Run(entry);
			this.#runs.set(piece.of, begun);
			this.#list.append(begun.line);
		}
		else {
			this.#runs.clear();
			this.#list.append(entry.lost ? lostLine(entry.lost, entry.at) : line(entry));
		}
	}

}

/** Pieces of one answer with only pieces of other answers between them. */
class Run {

	line;

	#count = 1;
	#first;
	#text;
	#pieces;

	constructor(entry) {
		this.#first = entry.message;
		this.#text = pieceOf(entry.message).text;
		this.#pieces = [JSON.stringify(entry.message)];
		this.line = line(entry);
	}

	takes({ replay }) {
		return replay === this.#first.replay;
	}

	add({ message }) {
		this.#count++;
		this.#text += pieceOf(message).text;
		this.#pieces.push(JSON.stringify(message));
		this.#pieces.splice(0, this.#pieces.length - PIECES);
		const part = (name) => this.line.querySelector(name);
		if (message.event_id) {
			part('.id').textContent = `${this.#first.event_id}–${message.event_id}`;
		}
		part('.type').textContent = `${typeOf(message)} ×${this.#count}`;
		part('.gist').textContent = short(this.#text);
		part('pre').textContent = this.#pieces.join('\n');
	}

}

/** @returns the text of a piece of an answer, and a key of the answer; undefined for other messages */
function pieceOf({ type, payload }) {
	const { response_id: id, delta = '' } = payload?.event ?? {};
	return type === 'assistant_delta' ? { text: payload.content, of: payload.message_id }
		: delta ? { text: payload.event.type.includes('audio') ? '♪' : delta, of: `${payload.event.type} ${id}` } : undefined;
}

const typeOf = ({ type, payload }) => payload?.event?.type ?? type;

function line({ message, at }) {
	const { type: _type, event_id: id, replay, ephemeral, payload, created_at: _at, ...control } = message;
	const durable = id !== undefined && payload !== undefined;
	return element('li', { data: { kind: durable ? 'event' : 'control' } },
		element('details', {},
			element('summary', {},
				element('span', { class: 'id' }, durable ? String(id) : '·'),
				element('span', { class: 'type' }, typeOf(message)),
				...(replay ? [element('span', { class: 'badge' }, 'replay')] : []),
				...(ephemeral ? [element('span', { class: 'badge' }, 'ephemeral')] : []),
				element('span', { class: 'gist' }, short(pieceOf(message)?.text ?? gist(payload ?? control))),
				time(at)),
			element('pre', {}, JSON.stringify(message, null, 2))));
}

function lostLine(why, at) {
	return element('li', { class: 'lost', data: { kind: 'lost' } },
		element('span', { class: 'id' }, '×'), element('span', { class: 'type' }, 'connection lost'),
		element('span', { class: 'gist' }, why), time(at));
}

const time = (at) => element('time', { datetime: at.toISOString() }, at.toLocaleTimeString([], { minute: '2-digit', second: '2-digit' }));

function gist(fields) {
	return fields.count !== undefined ? `${fields.count} replayed, up to ${fields.last_event_id}`
		: fields.resumed !== undefined ? `${fields.resumed ? 'resumed' : 'new'}, the log ends at ${fields.last_event_id}`
		: String(fields.content ?? fields.message?.text ?? fields.status ?? fields.event?.status ?? fields.finish_reason ?? fields.reason ?? fields.code ?? fields.message_id ?? fields.idempotency_key
			?? fields.reconnect_after_ms ?? '');
}

const short = (text) => text.replace(/\s+/g, ' ').slice(0, 80);
