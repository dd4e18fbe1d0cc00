// The conversation as it is shown: the user's messages and the replies, in the order of the log, and after them what is
// not in the log yet.

import { $, announce, copyButton, element, icon } from './dom.js';
import { MarkdownView } from './markdown.js';

const NOTES = { cancelled: 'Stopped', length: 'Cut off: the answer was too long', content_filter: 'Withheld by the model' };
const NEAR = 60;

export class Transcript {

	#list = $('messages');
	#scroller = $('scroller');
	#pinned = true;
	#said = new Map(); // what the user said, by event id
	#pending = new Map(); // messages that are not in the log yet, by key
	#retry;

	/** @param {(content: string) => void} retry says something again */
	constructor(retry) {
		this.#retry = retry;
		this.#scroller.addEventListener('scroll', () => {
			const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
			this.#pinned = scrollHeight - scrollTop - clientHeight < NEAR;
			$('latest').hidden = this.#pinned;
		}, { passive: true });
		$('latest').addEventListener('click', () => this.toEnd());
		const observer = new ResizeObserver(() => this.#pinned && this.toEnd());
		observer.observe(this.#list);
		observer.observe(this.#scroller);
	}

	/** Forgets what came from the log. */
	clear() {
		this.#said.clear();
		this.#list.replaceChildren(...this.#pending.values());
		this.#pinned = true;
		this.#showWelcome();
	}

	/** Forgets what is not in the log either. */
	reset() {
		this.#pending.clear();
		this.clear();
	}

	toEnd() {
		this.#pinned = true;
		this.#scroller.scrollTop = this.#scroller.scrollHeight;
		$('latest').hidden = true;
	}

	/** Whether nothing was said. */
	get empty() {
		return !this.#list.firstElementChild;
	}

	sending(key, content) {
		const message = userMessage(content, 'sending');
		setTimeout(() => {
			if (message.dataset.status === 'sending' && message.isConnected) {
				message.querySelector('.note').textContent = 'Waits for the connection';
			}
		}, 1_000);
		this.#pending.set(key, message);
		this.#list.append(message);
		this.#showWelcome();
		this.toEnd();
	}

	refused(key, content, why) {
		const message = this.#pending.get(key);
		if (message) {
			message.dataset.status = 'refused';
			message.querySelector('.note').textContent = `Not sent: ${why}`;
			message.querySelector('.actions').append(this.#retryButton(content, () => {
				this.#pending.delete(key);
				message.remove();
			}));
		}
	}

	said({ event_id: id, payload: { content, idempotency_key: key } }) {
		const waiting = this.#pending.get(key);
		waiting?.remove();
		this.#pending.delete(key);
		this.#said.set(id, content);
		this.#place(userMessage(content, 'sent'));
	}

	/** @param {boolean} live whether it is said now, and not read from the log */
	reply(reply, live) {
		const body = element('div', { class: 'body', 'aria-live': 'off' });
		const note = element('span', { class: 'note' });
		const actions = element('div', { class: 'actions' }, note);
		const message = element('article', { class: 'message', data: { role: 'assistant', status: 'running' },
			'aria-label': 'Assistant', 'aria-busy': 'true' }, body, actions);
		let view = new MarkdownView(body);
		let frame;
		const show = () => {
			frame = undefined;
			view.show(reply.text);
		};
		reply.addEventListener('delta', () => frame ??= requestAnimationFrame(show));
		reply.addEventListener('reset', () => {
			body.replaceChildren();
			view = new MarkdownView(body);
			note.textContent = reply.attempt > 1 ? 'The server was lost. It begins anew.' : '';
		});
		reply.addEventListener('end', () => {
			cancelAnimationFrame(frame);
			show();
			this.#end(reply, message, note, actions);
			if (live) {
				announce(reply.status === 'done' ? `Assistant: ${body.textContent}` : note.textContent);
			}
		});
		show();
		this.#place(message);
	}

	#end(reply, message, note, actions) {
		const failed = reply.status === 'failed';
		message.dataset.status = failed ? 'failed' : reply.finishReason === 'cancelled' ? 'cancelled' : 'done';
		message.removeAttribute('aria-busy');
		note.textContent = failed ? reply.error.message : NOTES[reply.finishReason] ?? '';
		if (reply.text) {
			actions.append(copyButton('Copy answer', () => reply.text));
		}
		if (message.dataset.status !== 'done' && this.#said.has(reply.inReplyTo)) {
			actions.append(this.#retryButton(this.#said.get(reply.inReplyTo)));
		}
	}

	#retryButton(content, before) {
		return element('button', { type: 'button', class: 'quiet retry', onclick: () => {
			before?.();
			this.#retry(content);
		} }, icon('retry'), element('span', {}, 'Try again'));
	}

	#place(message) {
		const [firstPending] = this.#pending.values();
		this.#list.insertBefore(message, firstPending ?? null);
		this.#showWelcome();
	}

	#showWelcome() {
		$('welcome').hidden = !this.empty;
	}

}

function userMessage(content, status) {
	return element('article', { class: 'message', data: { role: 'user', status }, 'aria-label': 'You' },
		element('div', { class: 'body' }, content),
		element('div', { class: 'actions' }, element('span', { class: 'note' })));
}
