// Checks what the page has received against the log. Ids of events follow one another, except where the server has removed
// the pieces of an answer that is complete; each piece begins where the previous one ended; and the complete
// answer is the concatenation of its pieces.

export class Ledger {

	/** The newest event that the server has reported. */
	log = 0;
	lost = 0;
	twice = 0;
	/** Number of events of the log received in replays, some of them merged. */
	replayed = 0;

	#last = 0;
	#first = 1;
	#answers = new Map(); // those that have not ended, by message id

	/** Number of events of the log that the page has received, or did not need. */
	get received() {
		return this.#last - this.lost;
	}

	get complete() {
		return this.received === this.log && !this.twice;
	}

	follow(client) {
		client.addEventListener('open', ({ detail }) => {
			this.#first = detail.earliestEventId ?? 1;
			this.log = detail.lastEventId;
		});
		client.addEventListener('event', ({ detail }) => this.#take(detail));
		client.addEventListener('rewind', () => this.#clear());
		client.addEventListener('gone', () => this.#clear());
	}

	#clear() {
		this.log = this.#last = 0;
		this.#answers.clear();
	}

	#take({ type, event_id: id, payload, replay }) {
		this.log = Math.max(this.log, id);
		if (id <= this.#last) {
			this.twice++;
			return;
		}
		const skipped = id - Math.max(this.#last, this.#first - 1) - 1;
		const explained = this.#answers.size || type.startsWith('assistant_');
		if (skipped > 0 && !explained) {
			this.lost += skipped;
		}
		if (replay) {
			this.replayed += id - this.#last;
		}
		this.#last = id;
		if (type.startsWith('assistant_')) {
			this.#takeAnswer(type, payload);
		}
	}

	#takeAnswer(type, { message_id: id, supersedes, offset = 0, content = '' }) {
		const text = this.#answers.get(id) ?? '';
		if (type === 'assistant_started') {
			this.#answers.delete(supersedes);
			this.#answers.set(id, '');
		}
		else if (type === 'assistant_delta') {
			this.lost += Number(offset > text.length);
			this.#answers.set(id, text + content.slice(Math.max(0, text.length - offset)));
		}
		else {
			this.lost += Number(type === 'assistant_message' && !content.startsWith(text));
			this.#answers.delete(id);
		}
	}

}
