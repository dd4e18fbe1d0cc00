// One answer as it is written: its text, the breaks in it, and how it ended.

import { announce, copyButton, element, tag, timeOf } from './dom.js';
import { describe, explain } from './breaks.js';
import { MarkdownView } from './markdown.js';
import { Marks } from './marks.js';
import { Missed } from './missed.js';

const NOTES = { cancelled: 'Stopped', length: 'Cut off: the answer was too long', content_filter: 'Withheld by the model' };

export class Answer {

	element;
	reply;

	#body;
	#view;
	#marks;
	#missed = new Missed();
	#note = element('span', { class: 'note' });
	#actions = element('div', { class: 'actions' }, this.#note);
	#former; // the text of a lost attempt, until this one is longer
	#frame;
	#stopping = false;
	#lost; // the reason for another attempt
	#finished;

	/**
	 * @param {object} reply a reply of the model, or one `by` an upstream
	 * @param {boolean} live whether it is live, not replayed
	 * @param {Node[]} question nodes that show the question it answers
	 * @param {Node[]} more nodes shown below the text
	 * @param {(answer: Answer) => void} finished called when it has ended
	 */
	constructor(reply, live, question, more, finished) {
		this.reply = reply;
		this.#finished = finished;
		this.#body = newBody();
		const name = reply.by ? 'Upstream' : 'Assistant';
		this.#lost = reply.by ? 'the connection to the upstream' : 'the server that wrote this';
		this.element = element('article', { class: 'message', data: { role: 'assistant', status: 'running' }, 'aria-label': name,
			'aria-busy': 'true' }, ...question, ...(reply.by ? [tag(reply.by)] : []), this.#body, ...more, this.#actions);
		this.#begin();
		reply.addEventListener('delta', () => this.#frame ??= requestAnimationFrame(() => this.#show()));
		reply.addEventListener('reset', () => this.#restart());
		reply.addEventListener('end', () => {
			this.#end();
			if (live) {
				announce(reply.status === 'done' ? `${name}: ${this.#body.textContent}` : this.#note.textContent);
			}
		});
		this.#show();
	}

	/** Marks breaks from before the page was reloaded. */
	remember(marks) {
		marks.forEach(({ at, text, title }) => this.#marks.add(at).caption(text, title));
		this.#show();
	}

	/** Marks where the connection broke. @returns the mark, to pass to `recovered` */
	broken(broken) {
		this.#show();
		const mark = this.#marks.add(this.#marks.end);
		mark.caption(describe(broken));
		this.#show();
		return mark;
	}

	/** Completes the mark, and tints what was missed. */
	recovered(mark, broken) {
		this.#show();
		mark.caption(describe(broken), explain(broken));
		const { at } = mark;
		const to = this.#marks.end;
		if (to > at) {
			this.#missed.show(() => this.#marks.range(at, to));
		}
		return { at, text: mark.span.dataset.text, title: mark.span.title };
	}

	/** Shows that the answer is being cancelled. */
	stopping(connected) {
		this.#stopping = true;
		this.#tell(connected ? 'Stopping …' : 'Stops when the connection is back');
	}

	/** Shows that the answer will not be completed. */
	abandon(why) {
		this.element.dataset.status = 'failed';
		this.element.removeAttribute('aria-busy');
		this.#stopping = false;
		this.#tell(why);
	}

	/** Shows when the answer began. */
	at(date) {
		this.#actions.append(timeOf(date));
	}

	action(button) {
		this.#actions.append(button);
	}

	#begin() {
		this.#view = new MarkdownView(this.#body);
		this.#marks = new Marks(this.#body);
	}

	#show() {
		cancelAnimationFrame(this.#frame);
		this.#frame = undefined;
		this.#marks.lift();
		this.#view.show(this.reply.text);
		this.#marks.place();
		this.#missed.update();
		if (this.#former) {
			this.#overtake();
		}
	}

	/** Handles the start of another attempt. The old text remains, dimmed, until the new one is as long. */
	#restart() {
		const { attempt } = this.reply;
		const former = attempt > 1 && (this.#former ?? (this.#body.textContent ? this.#body : undefined)) || undefined;
		const replaced = this.#body;
		const marks = this.#marks;
		this.#body = newBody();
		this.#begin();
		this.#marks.adopt(marks);
		this.#former = former;
		replaced.after(this.#body);
		if (former) {
			former.classList.replace('body', 'former');
			former.setAttribute('aria-hidden', 'true');
			this.#body.hidden = true;
		}
		if (replaced !== former) {
			replaced.remove();
		}
		if (attempt > 1) {
			this.#tell(`Attempt ${attempt}: ${this.#lost} was lost`);
		}
	}

	#overtake() {
		if (this.reply.status === 'running' && this.#body.textContent.length < this.#former.textContent.length) {
			const percent = Math.floor(100 * this.#body.textContent.length / this.#former.textContent.length);
			this.#tell(`${this.reply.by ? 'The connection to the upstream' : 'The server'} was lost. Attempt ${this.reply.attempt} has written ${percent} % of this again`);
		}
		else {
			this.#former.remove();
			this.#former = undefined;
			this.#body.hidden = false;
			this.#tell(this.#attempts());
		}
	}

	#attempts() {
		return this.reply.attempt > 1 ? `Written again: ${this.reply.by ? this.#lost : 'the server'} was lost` : '';
	}

	#end() {
		const { reply } = this;
		this.#show();
		const failed = reply.status === 'failed';
		this.#stopping = false;
		this.element.dataset.status = failed ? 'failed' : reply.finishReason === 'cancelled' ? 'cancelled' : 'done';
		this.element.removeAttribute('aria-busy');
		this.#tell(failed ? reply.error.message : NOTES[reply.finishReason] ?? this.#attempts());
		if (reply.text) {
			this.#actions.append(copyButton('Copy answer', () => reply.text));
		}
		this.#finished(this);
	}

	#tell(text) {
		if (!this.#stopping || text.startsWith('Stop')) {
			this.#note.textContent = text;
		}
	}

}

const newBody = () => element('div', { class: 'body', 'aria-live': 'off' });
