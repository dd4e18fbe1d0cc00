// Tints missed words for two seconds, if the browser can highlight text without changing it.

const SHOWN = 2_000;

const highlight = globalThis.Highlight && new Highlight();
if (highlight) {
	CSS.highlights.set('missed', highlight);
}

export class Missed {

	#ranges = new Map(); // shown ranges by the functions that compute them

	/** @param {() => Range} range returns the current range of the words in the document */
	show(range) {
		if (highlight && !matchMedia('(prefers-reduced-motion: reduce)').matches) {
			this.#ranges.set(range, undefined);
			this.update();
			setTimeout(() => {
				this.#hide(this.#ranges.get(range));
				this.#ranges.delete(range);
			}, SHOWN);
		}
	}

	/** Must be called after the text was rendered again. */
	update() {
		for (const [range, shown] of this.#ranges) {
			this.#hide(shown);
			const now = range();
			highlight.add(now);
			this.#ranges.set(range, now);
		}
	}

	#hide(range) {
		if (range) {
			highlight.delete(range);
		}
	}

}
