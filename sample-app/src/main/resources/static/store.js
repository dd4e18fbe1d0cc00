// The page's storage in the browser. If it is forbidden or full, the data is lost with the page.

class Store {

	#storage;

	constructor(storage) {
		try {
			this.#storage = storage();
		}
		catch {
			// not available, for example in a private window
		}
	}

	/** Whether the storage is available. */
	get works() {
		this.write('test', true);
		const works = this.read('test') === true;
		this.write('test');
		return works;
	}

	read(key) {
		try {
			return JSON.parse(this.#storage.getItem(key)) ?? undefined;
		}
		catch {
			return undefined;
		}
	}

	/** @param value the value; undefined removes it */
	write(key, value) {
		try {
			if (value === undefined) {
				this.#storage.removeItem(key);
			}
			else {
				this.#storage.setItem(key, JSON.stringify(value));
			}
		}
		catch {
			// forbidden or full
		}
	}

}

/** The storage of this browser. */
export const store = new Store(() => localStorage);

/** The storage of this tab, which survives a reload. */
export const tabStore = new Store(() => sessionStorage);
