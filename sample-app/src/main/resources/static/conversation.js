// What was said, rebuilt from the events of the log. Every event may come again, after a resume, and changes nothing
// then. Events of the chat carry no state of their own elsewhere: start from event 0 and you get the same.

export class Conversation {

	#resumedFrom = -1;

	/** The view has show(entry), shown again whenever the entry changes, and clear(). */
	constructor(view, requestResume) {
		this.view = view;
		this.requestResume = requestResume;
		this.clear();
	}

	clear() {
		this.lastEventId = 0;
		this.entries = new Map(); // by message id, a user's message by its idempotency key
		this.#resumedFrom = -1;
		this.view.clear();
	}

	apply({ type, event_id: eventId, payload }) {
		const understood = this[`on_${type}`]?.(payload, eventId) ?? true;
		if (understood) {
			this.lastEventId = Math.max(this.lastEventId, eventId);
		}
	}

	/** Shows a message of the user's before the server knows it. */
	say(key, content) {
		this.#update(key, { role: 'user', text: content, status: 'sending' });
	}

	refuse(key, why) {
		this.#update(key, { status: 'refused', note: why });
	}

	/** The text of the message with this event id. */
	textOf(eventId) {
		return [...this.entries.values()].find((entry) => entry.eventId === eventId)?.text;
	}

	get running() {
		return [...this.entries.values()].some((entry) => entry.status === 'streaming');
	}

	on_user_message({ content, idempotency_key: key }, eventId) {
		this.#update(key, { role: 'user', text: content, status: 'done', eventId, note: '' });
	}

	on_assistant_started({ message_id: id, in_reply_to: inReplyTo, supersedes }) {
		if (supersedes) {
			this.#update(supersedes, { status: 'superseded' });
		}
		if (!this.entries.has(id)) {
			this.#update(id, { role: 'assistant', text: '', status: 'streaming', inReplyTo });
		}
	}

	on_assistant_delta({ message_id: id, offset, content }) {
		const entry = this.entries.get(id) ?? { role: 'assistant', text: '', status: 'streaming' };
		if (entry.status !== 'streaming' || offset + content.length <= entry.text.length) {
			return true; // a repeat
		}
		if (offset > entry.text.length) { // a hole: ask again, once, for what follows the last event without one
			if (this.#resumedFrom !== this.lastEventId) {
				this.#resumedFrom = this.lastEventId;
				this.requestResume(this.lastEventId);
			}
			return false;
		}
		this.#update(id, { ...entry, text: entry.text.slice(0, offset) + content });
		return true;
	}

	on_assistant_message({ message_id: id, content, finish_reason: reason }) {
		const notes = { cancelled: 'Stopped', length: 'Cut off, the answer was too long' };
		this.#update(id, { role: 'assistant', text: content, status: 'done', note: notes[reason] ?? '' });
	}

	on_assistant_failed({ message_id: id, message }) {
		this.#update(id, { role: 'assistant', status: 'failed', note: message });
	}

	#update(id, change) {
		const entry = Object.assign(this.entries.get(id) ?? { id, text: '' }, change);
		this.entries.set(id, entry);
		this.view.show(entry);
	}

}
