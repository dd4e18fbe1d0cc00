// Messages to the upstream and its answers, through a relay of the server, shown like those of the model. They are events
// of the log, so they are the same after a break, after a reload and on another device. Sound is not in the log.

export const UPSTREAM = 'upstream';

const TYPE = 'relay.realtime';
const REASONS = {
	idle: 'nothing was said for a while',
	refused: 'it refuses this server',
	unreachable: 'it could not be reached',
	handed_over: 'the server that held it stops, and the next one takes over',
	session_expired: 'its time was over',
};
const UNTOLD = 20; // maximum number of answers of which only sound has arrived so far

/** @returns a message to the upstream */
export const toUpstream = (text, key) => ({ type: TYPE, payload: { text }, idempotency_key: key });

/** @returns the text of a message of the outbox, and its recipient; undefined for the model */
export const turnOf = ({ type, content, payload }) => type === TYPE ? { content: payload.text, to: UPSTREAM } : { content };

/** An answer of the upstream. Has what the page needs of a reply of the client, and dispatches `sound`. */
class UpstreamReply extends EventTarget {

	by = UPSTREAM;
	text = '';
	attempt = 1;
	status = 'running';
	finishReason;
	error;
	pieces = 0; // of sound, received by this page
	allPieces; // of sound, sent by the upstream; undefined if it is unknown

	constructor(inReplyTo) {
		super();
		this.inReplyTo = inReplyTo;
	}

	restart() {
		this.attempt++;
		this.text = '';
		this.pieces = 0;
		this.#tell('reset');
	}

	append(delta) {
		this.text += delta;
		this.#tell('delta');
	}

	hear(piece) {
		this.pieces++;
		this.#tell('sound', piece);
	}

	end({ status = 'completed', audio_deltas: allPieces }) {
		this.allPieces = allPieces;
		this.finishReason = { completed: 'stop', cancelled: 'cancelled', incomplete: 'length' }[status];
		if (this.finishReason) {
			this.#end('done');
		}
		else {
			this.fail('The upstream could not answer');
		}
	}

	fail(message) {
		this.error = { message };
		this.#end('failed');
	}

	#end(status) {
		this.status = status;
		this.#tell('end');
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

}

/**
 * Dispatches `said` with an event like a `user_message`, `reply` with a reply and the time of its first event, and `status` with
 * a change of the server's connection to the upstream.
 */
export class Upstream extends EventTarget {

	#asked = new Map(); // answers by the id of the message that they answer; undefined until they begin
	#answers = new Map(); // answers by the ids of the upstream
	#untold = new Map(); // numbers of early pieces of sound by such an id

	follow(client) {
		client.addEventListener(TYPE, ({ detail: event }) => this.#take(event));
		client.addEventListener('gone', () => this.#clear());
	}

	#clear() {
		this.#asked.clear();
		this.#answers.clear();
		this.#untold.clear();
	}

	#take({ event_id: id, created_at: at, payload: { message, idempotency_key: key, event, status, ...more } }) {
		if (message) {
			this.#asked.set(id, undefined);
			this.#tell('said', { event_id: id, created_at: at, payload: { content: String(message.text ?? ''), idempotency_key: key } });
		}
		else if (event) {
			this.#hear(event, at);
		}
		else {
			this.#connection(status, more, at);
		}
	}

	#hear({ type, response_id: id, in_reply_to: question, delta = '', message, ...more }, at) {
		if (type === 'response.created') {
			this.#begin(id, question ?? this.#oldest(), at);
		}
		else if (type === 'response.audio.delta') {
			this.#sound(id, delta);
		}
		else if (type === 'error') {
			this.#tell('status', { text: `The upstream reports an error: ${message}`, at });
		}
		else if (this.#answers.get(id)?.status === 'running') {
			const answer = this.#answers.get(id);
			type === 'response.text.delta' ? answer.append(delta) : answer.end(more);
		}
	}

	/** Restarts an answer that was cut off, if the message was resent to the upstream. */
	#begin(id, question, at) {
		const known = this.#asked.get(question);
		const again = known?.status === 'running';
		const answer = again ? known : new UpstreamReply(question);
		this.#asked.set(question, answer);
		this.#answers.set(id, answer);
		if (again) {
			answer.restart();
		}
		answer.pieces = this.#untold.get(id) ?? 0;
		this.#untold.delete(id);
		if (!again) {
			this.#tell('reply', { reply: answer, at });
		}
	}

	#oldest() {
		return [...this.#asked].find(([, answer]) => !answer)?.[0];
	}

	/** Handles sound, which may overtake the event that starts its answer. */
	#sound(id, piece) {
		const answer = this.#answers.get(id);
		if (answer) {
			answer.hear(piece);
		}
		else {
			this.#untold.set(id, (this.#untold.get(id) ?? 0) + 1);
			[...this.#untold.keys()].slice(0, -UNTOLD).forEach((old) => this.#untold.delete(old));
		}
	}

	#connection(status, { reason, code, resent_from: from = Infinity, resent_through: through = 0, event_id: message }, at) {
		const because = REASONS[reason] ?? ([code, reason].filter(Boolean).join(' ') || 'unknown');
		if (status === 'opened') {
			this.#abandon((question) => question < from || question > through);
			const again = from <= through;
			this.#tell('status', { at, text: again ? 'Connected to the upstream again; the question is sent again' : 'Connected to the upstream' });
		}
		else if (status === 'lost') {
			this.#tell('status', { at, text: `The upstream is not connected: ${because}. The server connects again` });
		}
		else if (status === 'closed') {
			this.#abandon(() => true);
			this.#tell('status', { at, text: `The upstream was disconnected: ${because}. Your next message connects it again` });
		}
		else {
			this.#asked.delete(message); // it was not forwarded
			this.#tell('status', { at, text: `The relay reports: ${because}` });
		}
	}

	/** Ends answers that were cut off. */
	#abandon(isOver) {
		for (const [question, answer] of this.#asked) {
			if (answer?.status === 'running' && isOver(question)) {
				answer.fail('The connection to the upstream was lost in the middle of this');
			}
		}
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

}
