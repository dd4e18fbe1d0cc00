// State for the framework integrations, read as immutable snapshots and published at most once per frame.

/** Interval in ms for hidden tabs, which have no animation frames but may show changes in their title. */
const HIDDEN_FRAME = 250;
const FRAME = 16;

/** @param {() => void} action */
const inNextFrame = (action) => {
	const frames = /** @type {{ requestAnimationFrame?: (frame: () => void) => number }} */ (globalThis).requestAnimationFrame;
	let done = false;
	const once = () => {
		clearTimeout(timer);
		if (!done) {
			done = true;
			action();
		}
	};
	const timer = setTimeout(once, frames ? HIDDEN_FRAME : FRAME);
	frames?.(once);
};

/**
 * Holds state for `useSyncExternalStore` and similar functions.
 * @template S the snapshots
 */
export class Store {

	/** @type {Set<() => void>} */
	#listeners = new Set();
	#scheduled = false;
	#stale = true;
	/** @type {S | undefined} */
	#snapshot;
	/** @type {S | undefined} */
	#initial;
	#make;

	/** @param {() => S} make creates a snapshot of the current state */
	constructor(make) {
		this.#make = make;
	}

	/**
	 * Calls a listener after each change.
	 * @param {() => void} listener
	 * @returns {() => void} unsubscribes
	 */
	subscribe = (listener) => {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	};

	/**
	 * Returns the published state, the same object until the next change.
	 * @returns {S}
	 */
	getSnapshot = () => {
		if (this.#stale) {
			this.#stale = false;
			this.#snapshot = this.#make();
			this.#initial ??= this.#snapshot;
		}
		return /** @type {S} */ (this.#snapshot);
	};

	/**
	 * Returns the state before the first change, for rendering on a server.
	 * @returns {S}
	 */
	getServerSnapshot = () => this.#initial ?? this.getSnapshot();

	/** Publishes the state immediately, for actions of the user. */
	publish() {
		this.getServerSnapshot();
		this.#stale = true;
		this.#listeners.forEach((listener) => listener());
	}

	/** Publishes the state with the next frame, for messages of the server, which may be frequent. */
	publishSoon() {
		if (!this.#scheduled) {
			this.#scheduled = true;
			inNextFrame(() => {
				this.#scheduled = false;
				this.publish();
			});
		}
	}

}
