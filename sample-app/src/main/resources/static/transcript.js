// Shows the conversation: the user's messages and the replies in log order, followed by messages that are not in the log
// yet. Until the log is received, shows the last transcript.

import { $, element, icon, tag, timeOf } from './dom.js';
import { Answer } from './answer.js';
import { describe, explain } from './breaks.js';
import { keepTranscript, keptTranscript } from './kept-transcripts.js';
import { MarkdownView } from './markdown.js';
import { Scroll } from './scroll.js';
import { tabStore } from './store.js';

const SLOW = 1_000;
const EMPTY = 'empty conversation';

export class Transcript {

	#kept = element('div', { class: 'part' });
	#log = element('div', { class: 'part' });
	#waiting = element('div', { class: 'part' });
	#scroll;
	#sessionId;
	#loading = false;
	#said = new Map(); // the user's messages by event id
	#saidKeys = new Set();
	#answers = []; // in the order in which they began
	#answered = new Set(); // event ids of messages
	#pending = new Map(); // messages that are not in the log yet, by key
	#marks = []; // functions that complete the marks of the current break
	#timer;
	#actions;

	/**
	 * @param actions what a reader can do: `again(content, to)` sends a message again, `withdraw(key, content)`
	 * takes a message back, `arrived()` is called when the reader was brought to the end
	 */
	constructor(actions) {
		this.#actions = actions;
		this.#scroll = new Scroll(actions.arrived);
		$('messages').append(this.#kept, this.#log, this.#waiting);
		addEventListener('pagehide', () => this.#keep());
	}

	/** Shows another conversation. @param sessionId its session; undefined for a new one */
	open(sessionId) {
		this.#keep();
		this.#pending.clear();
		this.#waiting.replaceChildren();
		this.#marks = [];
		this.clear();
		this.#sessionId = sessionId;
		const kept = keptTranscript(sessionId) ?? (sessionId && tabStore.read(EMPTY) === sessionId ? [] : undefined);
		this.#loading = Boolean(sessionId) && kept?.length !== 0;
		this.#kept.replaceChildren(...(kept ?? []).map(keptMessage));
		this.#log.hidden = this.#loading;
		this.#show();
		this.#scroll.toEnd();
	}

	/** Handles the session of the new conversation. */
	began(sessionId) {
		this.#sessionId = sessionId;
	}

	/** Handles the end of the replay. */
	loaded() {
		this.#loading = false;
		this.#kept.replaceChildren();
		this.#log.hidden = false;
		this.#changed();
	}

	/** Shows what the page is waiting for while it is empty. */
	waitsFor(text) {
		$('loading-text').textContent = text;
	}

	/** Removes everything that came from the log. */
	clear() {
		this.#said.clear();
		this.#saidKeys.clear();
		this.#answered.clear();
		this.#answers = [];
		this.#log.replaceChildren();
		this.#scroll.toEnd();
		this.#show();
	}

	/** Removes the conversation after its deletion. */
	forget() {
		this.#running.forEach((answer) => answer.abandon('The conversation was deleted'));
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#sessionId) {
			keepTranscript(this.#sessionId);
		}
		this.#sessionId = undefined;
	}

	/** Whether no message is known. */
	get empty() {
		return !this.#loading && !this.#log.firstElementChild && !this.#pending.size;
	}

	/** Whether anything of the conversation was ever shown here. */
	get known() {
		return this.#kept.hasChildNodes() || this.#log.hasChildNodes() || this.#pending.size > 0;
	}

	/** Shows a message of the outbox. @param to its recipient; undefined for the model */
	sending(key, content, { time = Date.now(), to } = {}) {
		if (this.#pending.has(key) || this.#saidKeys.has(key)) {
			return; // the acknowledgement may come after the message
		}
		const message = userMessage(content, 'sending', new Date(time), to);
		setTimeout(() => {
			if (message.dataset.status === 'sending' && message.isConnected) {
				note(message, 'Waits for the connection');
				message.querySelector('.actions').append(this.#button('withdraw', 'close', 'Take back', () => {
					this.#actions.withdraw(key, content);
				}));
			}
		}, SLOW);
		this.#pending.set(key, message);
		this.#waiting.append(message);
		this.#show();
		this.#scroll.toEnd();
	}

	withdrawn(key) {
		this.#pending.get(key)?.remove();
		this.#pending.delete(key);
		this.#show();
	}

	refused(key, content, why) {
		const message = this.#pending.get(key);
		if (message) {
			message.dataset.status = 'refused';
			message.querySelector('.withdraw')?.remove();
			note(message, `Not sent: ${why}`);
			message.querySelector('.actions').append(this.#again(content, message.dataset.to, () => this.withdrawn(key)));
		}
	}

	/** Shows a message of the log. @param to its recipient; undefined for the model */
	said({ event_id: id, created_at: at, payload: { content, idempotency_key: key } }, to) {
		this.withdrawn(key);
		this.#said.set(id, content);
		this.#saidKeys.add(key);
		const message = userMessage(content, 'sent', new Date(at), to);
		message.dataset.event = id;
		this.#log.append(message);
		this.#changed();
	}

	/** Shows an event of the log that is not part of the conversation. */
	status(text, at) {
		this.#log.append(element('p', { class: 'happened' }, element('span', {}, text), timeOf(new Date(at))));
		this.#changed();
	}

	/**
	 * @param {boolean} live whether it is live, not replayed
	 * @param {Node[]} more nodes shown below the text
	 */
	reply(reply, live, at, more = []) {
		const question = this.#question(reply);
		this.#answered.add(question);
		const follows = this.#log.querySelector(':scope > article:last-of-type')?.dataset.event === String(question);
		const answer = new Answer(reply, live, this.#said.has(question) && !follows ? [this.#quote(question)] : [],
			more, () => this.#ended(answer, question));
		this.#answers.push(answer);
		answer.at(new Date(at ?? Date.now()));
		answer.remember(this.#rememberedMarks().filter((mark) => mark.question === question));
		this.#log.append(answer.element);
		this.#changed();
	}

	/** Marks every running answer at the place where the connection broke. */
	broken(broken) {
		this.#marks = this.#running.map((answer) => {
			const mark = answer.broken(broken);
			return () => this.#remember({ question: answer.reply.inReplyTo, ...answer.recovered(mark, broken) });
		});
		if (!this.#marks.length && !this.#log.hidden && this.#log.lastElementChild) {
			this.#markBetween(broken);
		}
	}

	recovered() {
		this.#marks.splice(0).forEach((complete) => complete());
	}

	/** Shows that all answers are being cancelled. */
	stopping(connected) {
		this.#running.filter(({ reply }) => !reply.by).forEach((answer) => answer.stopping(connected));
		for (const message of this.#waitingTurns().filter(({ dataset }) => !dataset.to)) {
			note(message, connected ? 'Stopping …' : 'Stops when the connection is back');
		}
	}

	/** @returns the question of an answer; undefined if it is unknown */
	questionOf({ inReplyTo }) {
		return this.#said.get(inReplyTo);
	}

	get #running() {
		return this.#answers.filter(({ reply }) => reply.status === 'running');
	}

	/** Marks a break between messages, if events were missed there. */
	#markBetween(broken) {
		const last = this.#log.lastElementChild;
		this.#marks = [() => {
			if (broken.to > broken.from) {
				last.after(element('p', { class: 'cut', role: 'note', title: explain(broken), 'aria-label': describe(broken),
					data: { text: describe(broken) } }));
			}
		}];
	}

	#rememberedMarks() {
		return tabStore.read(`marks ${this.#sessionId}`) ?? [];
	}

	#remember(mark) {
		tabStore.write(`marks ${this.#sessionId}`, [...this.#rememberedMarks(), mark]);
	}

	/** An answer that was stopped before it began names no message: it answers the oldest one without an answer. */
	#question({ inReplyTo }) {
		return inReplyTo ?? [...this.#said.keys()].find((id) => !this.#answered.has(id));
	}

	#quote(question) {
		const text = this.#said.get(question).replace(/\s+/g, ' ');
		return element('button', { type: 'button', class: 'quiet question', title: text, onclick: () => {
			this.#log.querySelector(`[data-event="${question}"]`).scrollIntoView({ block: 'center' });
		} }, element('span', { class: 'unseen' }, 'Answer to: '), `↳ ${text}`);
	}

	#ended(answer, question) {
		if (answer.element.dataset.status !== 'done' && this.#said.has(question)) {
			answer.action(this.#again(this.#said.get(question), answer.reply.by));
		}
		this.#changed();
	}

	#again(content, to, before) {
		return this.#button('retry', 'retry', 'Try again', (button) => {
			if (button.isConnected) { // a second click would send a second message
				button.remove();
				before?.();
				this.#actions.again(content, to);
			}
		});
	}

	#button(name, picture, caption, action) {
		const button = element('button', { type: 'button', class: `quiet ${name}`, onclick: () => action(button) },
			icon(picture), element('span', {}, caption));
		return button;
	}

	/** Updates the page once a replay is complete, not for each of its events. */
	#changed() {
		if (!this.#loading) {
			this.#showTurns();
			this.#keepSoon();
		}
		this.#show();
	}

	/** @returns stored messages that wait for their turn, because another one to the same recipient is being answered */
	#waitingTurns() {
		const busy = new Set(this.#running.map(({ reply }) => reply.by));
		return busy.size === 0 ? [] : [...this.#log.querySelectorAll('[data-event]')]
			.filter(({ dataset }) => !this.#answered.has(Number(dataset.event)) && busy.has(dataset.to));
	}

	#showTurns() {
		const waiting = this.#waitingTurns();
		for (const message of this.#log.querySelectorAll('[data-event]')) {
			note(message, waiting.includes(message) ? 'Waits for its turn' : '');
		}
	}

	#keepSoon() {
		this.#timer ??= setTimeout(() => this.#keep(), 500);
	}

	#keep() {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (!this.#sessionId || this.#loading) {
			return;
		}
		if (this.#log.hasChildNodes()) {
			const answers = new Map(this.#answers.map((answer) => [answer.element, answer.reply]));
			keepTranscript(this.#sessionId, [...this.#log.querySelectorAll('.message')].map((message) => ({
				role: message.dataset.role,
				to: message.dataset.to,
				by: answers.get(message)?.by,
				content: answers.get(message)?.text ?? this.#said.get(Number(message.dataset.event)),
				status: message.dataset.status,
				at: message.querySelector('time').dateTime,
			})));
		}
		else {
			tabStore.write(EMPTY, this.#sessionId);
		}
	}

	#show() {
		$('loading').hidden = !this.#loading || this.#kept.hasChildNodes();
		$('welcome').hidden = !this.empty;
	}

}

function userMessage(content, status, at, to) {
	return element('article', { class: 'message', data: { role: 'user', status, ...(to && { to }) }, 'aria-label': to ? 'You, to the upstream' : 'You' },
		element('div', { class: 'body' }, content),
		element('div', { class: 'actions' }, element('span', { class: 'note' }), ...(to ? [tag(`to the ${to}`)] : []), timeOf(at)));
}

function keptMessage({ role, content, at, status, to, by }) {
	if (role === 'user') {
		return userMessage(content, status, new Date(at), to);
	}
	const body = element('div', { class: 'body' });
	new MarkdownView(body).show(content);
	return element('article', { class: 'message', data: { role, status: 'kept' }, 'aria-label': by ? 'Upstream' : 'Assistant' },
		...(by ? [tag(by)] : []), body, element('div', { class: 'actions' }, element('time', { datetime: at })));
}

function note(message, text) {
	message.querySelector('.note').textContent = text;
}
