// Records the breaks of a connection: start, duration, missed events, and whether all of them were received.

import { closeLabel, plural } from './words.js';

/** Dispatches `broken` and `recovered`, each with the break as its detail. */
export class Breaks extends EventTarget {

	count = 0;

	#client;
	#ledger;
	#ready = false; // whether the current or last connection was ready
	#current;

	follow(client, ledger) {
		this.#client = client;
		this.#ledger = ledger;
		client.addEventListener('status', ({ detail }) => this.#status(detail));
		client.addEventListener('open', ({ detail }) => {
			if (this.#current) {
				this.#current.to = detail.lastEventId;
			}
		});
		client.addEventListener('gone', () => this.#current = undefined); // the missed events no longer exist
		client.addEventListener('replaycomplete', ({ detail }) => this.#recovered(detail));
	}

	#status({ status, code }) {
		if (status === 'open') {
			this.#ready = true;
		}
		else if ((status === 'waiting' || status === 'connecting') && this.#ready) {
			this.#ready = false;
			this.count++;
			const { lost, twice } = this.#ledger;
			const label = navigator.onLine === false ? 'offline' : status === 'connecting' ? 'rerouted' : closeLabel(code);
			this.#current ??= { label, at: performance.now(), from: this.#client.lastEventId, lost, twice };
			this.#tell('broken', this.#current);
		}
	}

	#recovered({ count }) {
		const broken = this.#current;
		if (broken) {
			this.#current = undefined;
			this.#tell('recovered', Object.assign(broken, {
				seconds: (performance.now() - broken.at) / 1000,
				messages: count,
				lost: this.#ledger.lost - broken.lost,
				twice: this.#ledger.twice - broken.twice,
			}));
		}
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

}

/** Describes a break for its mark. */
export function describe({ label, seconds, from, to, lost, twice }) {
	return [label, ...(seconds === undefined ? ['reconnecting …']
		: [`back after ${seconds.toFixed(1)} s`, replayed(from, to), `${lost} lost`, `${twice} twice`])].join(' · ');
}

/** Explains the figures of a mark. */
export function explain({ from, to, messages }) {
	return `The last event before the break was ${from}, the last in the log ${to} when the connection was back. `
		+ `${plural(messages, 'message')} brought the events in between. Ids and offsets show whether any is missing or came twice.`;
}

function replayed(from, to) {
	const events = to - from;
	return events <= 0 ? 'nothing was missed'
		: events === 1 ? `event ${to} replayed` : `${events} events replayed (${from + 1}–${to})`;
}
