// The user's conversations, from the server: the same on every device.

import { $, element, icon } from './dom.js';
import { api } from './api.js';

const DAY = 24 * 60 * 60 * 1000;

export class ConversationList {

	#current;
	#conversations = [];
	#timer;
	#asked = 0;
	#removed;

	/** @param {(id: string) => void} removed told that the conversation that is open was deleted */
	constructor(removed) {
		this.#removed = removed;
		document.addEventListener('visibilitychange', () => document.hidden || this.refreshSoon());
	}

	/** Marks the conversation that is open. */
	set current(id) {
		this.#current = id;
		this.#show();
	}

	/** Once, however many events ask for it. Answers may overtake one another; what was asked for last is shown. */
	refreshSoon() {
		this.#timer ??= setTimeout(async () => {
			this.#timer = undefined;
			const asked = ++this.#asked;
			try {
				const conversations = await api.conversations();
				if (asked === this.#asked) {
					this.#conversations = conversations;
					this.#show();
				}
			}
			catch {
				// the list is from before, then; it is asked for again when the connection is back
			}
		}, 150);
	}

	title(id) {
		return this.#conversations.find((conversation) => conversation.id === id)?.title;
	}

	#show() {
		const focused = document.activeElement?.closest?.('#conversations [data-id]')?.dataset.id;
		let last;
		const items = [];
		for (const conversation of this.#conversations) {
			const group = groupOf(new Date(conversation.lastActiveAt));
			if (group !== last) {
				items.push(element('li', { class: 'group' }, last = group));
			}
			items.push(this.#item(conversation));
		}
		$('conversations').replaceChildren(...items);
		$('no-conversations').hidden = items.length > 0;
		if (focused) {
			$('conversations').querySelector(`[data-id="${focused}"] a`)?.focus();
		}
		const title = this.title(this.#current) || 'New conversation';
		$('title').textContent = title;
		document.title = `${title} · Resumable chat`;
	}

	#item({ id, title, lastActiveAt }) {
		const date = new Date(lastActiveAt);
		const current = id === this.#current;
		return element('li', { data: { id } },
			element('a', { href: `#/c/${id}`, 'aria-current': current && 'page' },
				element('span', { class: 'title' }, title || 'Conversation'),
				element('time', { datetime: lastActiveAt, title: date.toLocaleString() }, when(date))),
			element('button', { type: 'button', class: 'quiet remove', 'aria-label': `Delete “${title || 'Conversation'}”`,
				onclick: () => this.#remove(id, title) }, icon('trash')));
	}

	#remove(id, title) {
		const dialog = $('delete-dialog');
		$('delete-title').textContent = title || 'Conversation';
		dialog.returnValue = '';
		dialog.addEventListener('close', async () => {
			if (dialog.returnValue === 'delete') {
				await api.remove(id).catch(() => {}); // the list shows whether it is gone
				if (id === this.#current) {
					this.#removed();
				}
				this.refreshSoon();
			}
		}, { once: true });
		dialog.showModal();
	}

}

function groupOf(date) {
	const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / DAY);
	return days <= 0 ? 'Today' : days === 1 ? 'Yesterday' : days < 7 ? 'This week' : 'Earlier';
}

function when(date) {
	const sameDay = new Date().toDateString() === date.toDateString();
	return sameDay ? date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
		: date.toLocaleDateString([], { day: 'numeric', month: 'short' });
}
