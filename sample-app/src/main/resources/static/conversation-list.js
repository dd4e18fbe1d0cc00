// The user's conversations from the server, the same on every device and in every tab. Shows the last list until it answers.

import { $, ask, element, icon } from './dom.js';
import { api } from './api.js';
import { keepTranscript } from './kept-transcripts.js';
import { notice } from './notices.js';
import { store } from './store.js';
import { userName } from './user.js';
import { clock } from './words.js';

const DAY = 24 * 60 * 60 * 1000;

export class ConversationList {

	#current;
	#newest = [];
	#older = []; // requested by the reader
	#next; // the address of the next page
	#known = false; // whether the list was received from the server or the storage
	#unsent = new Map();
	#ready = false; // a complete answer is unread
	#timer;
	#asked = 0;
	#removed;
	#otherTabs = new BroadcastChannel('conversations');

	/** @param {() => void} removed called when the conversation that is open was deleted here */
	constructor(removed) {
		this.#removed = removed;
		document.addEventListener('visibilitychange', () => {
			if (!document.hidden) {
				this.#ready = false;
				this.#showTitle();
				this.refreshSoon();
			}
		});
		addEventListener('focus', () => this.refreshSoon());
		this.#otherTabs.addEventListener('message', () => this.refreshSoon());
		$('older').addEventListener('click', () => this.#showOlder());
	}

	/** Shows the last known list. */
	restore() {
		const kept = store.read(this.#key);
		this.#newest = kept ?? [];
		this.#older = [];
		this.#known = Boolean(kept);
		this.#next = undefined;
		this.#show();
	}

	/** Marks the conversation that is open. */
	set current(id) {
		this.#current = id;
		this.#show();
	}

	/** Shows the number of waiting messages of each conversation. */
	set unsent(counts) {
		this.#unsent = counts;
		this.#show();
	}

	/** Refreshes the list in this and other tabs after a change in a conversation. */
	changed() {
		this.#otherTabs.postMessage('changed');
		this.refreshSoon();
	}

	/** Shows in the title of a background tab that an answer is complete. */
	answered() {
		this.#ready = document.hidden;
		this.#showTitle();
	}

	/** Refreshes once for many events. Responses may overtake each other; that of the last request is shown. */
	refreshSoon() {
		this.#timer ??= setTimeout(async () => {
			this.#timer = undefined;
			const asked = ++this.#asked;
			try {
				const { conversations, next } = await api.conversations();
				if (asked === this.#asked) {
					this.#newest = conversations;
					this.#next = this.#older.length ? this.#next : next;
					this.#known = true;
					store.write(this.#key, conversations);
					this.#show();
				}
			}
			catch {
				// keeps the old list, which is refreshed when the connection is back
			}
		}, 150);
	}

	get #conversations() {
		const newest = new Set(this.#newest.map(({ id }) => id));
		return [...this.#newest, ...this.#older.filter(({ id }) => !newest.has(id))];
	}

	title(id) {
		return this.#conversations.find((conversation) => conversation.id === id)?.title;
	}

	get #key() {
		return `conversations ${userName()}`;
	}

	async #showOlder() {
		try {
			const { conversations, next } = await api.conversations(this.#next);
			this.#older.push(...conversations);
			this.#next = next;
			this.#show();
		}
		catch {
			notice('The server does not answer; try again');
		}
	}

	#show() {
		const focused = document.activeElement?.closest?.('#conversations [data-id]')?.dataset.id;
		let last;
		const items = [];
		const fresh = this.#unsent.get(null);
		if (fresh && this.#current) {
			items.push(element('li', { data: { id: '' } }, element('a', { href: '#/' },
				element('span', { class: 'title' }, 'New conversation'), unsentMark(fresh))));
		}
		for (const conversation of this.#conversations) {
			const group = groupOf(new Date(conversation.lastActiveAt));
			if (group !== last) {
				items.push(element('li', { class: 'group' }, last = group));
			}
			items.push(this.#item(conversation));
		}
		$('conversations').replaceChildren(...items);
		$('no-conversations').hidden = items.length > 0 || !this.#known;
		$('older').hidden = !this.#next;
		if (focused) {
			$('conversations').querySelector(`[data-id="${focused}"] a`)?.focus();
		}
		this.#showTitle();
	}

	#showTitle() {
		const title = this.title(this.#current) || 'New conversation';
		$('title').textContent = $('title').title = title;
		document.title = `${this.#ready ? '● ' : ''}${title} · Resumable chat`;
	}

	#item({ id, title, lastActiveAt }) {
		const date = new Date(lastActiveAt);
		const current = id === this.#current;
		const unsent = this.#unsent.get(id);
		return element('li', { data: { id } },
			element('a', { href: `#/c/${id}`, 'aria-current': current && 'page', title: title || undefined },
				element('span', { class: 'title' }, title || 'Conversation'),
				...(unsent ? [unsentMark(unsent)] : []),
				element('time', { datetime: lastActiveAt, title: date.toLocaleString() }, when(date))),
			element('button', { type: 'button', class: 'quiet remove', 'aria-label': `Delete “${title || 'Conversation'}”`,
				onclick: () => this.#remove(id, title) }, icon('trash')));
	}

	async #remove(id, title) {
		$('delete-title').textContent = title || 'Conversation';
		if (await ask($('delete-dialog')) !== 'delete') {
			return;
		}
		try {
			await api.remove(id);
			keepTranscript(id);
			this.#older = this.#older.filter((conversation) => conversation.id !== id);
			if (id === this.#current) {
				this.#removed();
			}
		}
		catch ({ status }) {
			notice(status === 404 ? 'That conversation was deleted already'
				: `“${title || 'Conversation'}” could not be deleted${status ? ` (${status})` : ': the server does not answer'}. Try again`);
		}
		this.changed();
	}

}

const unsentMark = (count) => element('span', { class: 'unsent', title: 'Sent as soon as the server answers' }, `${count} unsent`);

function groupOf(date) {
	const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / DAY);
	return days <= 0 ? 'Today' : days === 1 ? 'Yesterday' : days < 7 ? 'This week' : 'Earlier';
}

function when(date) {
	const sameDay = new Date().toDateString() === date.toDateString();
	return sameDay ? clock(date) : date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
