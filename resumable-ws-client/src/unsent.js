// Counts the unsent messages of resumable-ws clients in a storage. client.js, which writes them, does not need this file.

/**
 * @typedef {import('./types.js').ClientStorage} ClientStorage
 * @typedef {import('./types.js').Stored} Stored
 * @typedef {import('./types.js').UnsentMessages} UnsentMessages
 * @typedef {import('./types.js').UrlSource} UrlSource
 */

const NAMED = /^(session|local|memory)$/;

/**
 * Counts the unacknowledged messages in the storage by session, including those of other tabs and closed pages. A client of the session sends those that no
 * other client is responsible for.
 * @param {{ url?: UrlSource, name?: string, storage?: 'session' | 'local' | 'memory' | ClientStorage }} [options] the same as those of the clients
 * @returns {UnsentMessages[]}
 */
export const unsent = ({ url, name = 'default', storage = 'session', ...unknown } = {}) => {
	if (Object.keys(unknown).length || Object(storage) !== storage && !NAMED.test(`${storage}`)) {
		throw new TypeError(`Invalid: ${Object.keys(unknown)} or storage: ${storage}`);
	}
	/** @type {Map<string | null, number>} */
	const counts = new Map();
	stored(storage, prefixOf(url, name)).forEach(({ session }) => counts.set(session, (counts.get(session) ?? 0) + 1));
	return [...counts].map(([sessionId, count]) => ({ sessionId, count }));
};

/**
 * Returns the prefix of the clients' storage keys. It has no address if the URL is a function.
 * @type {(url: UrlSource | undefined, name: string) => string}
 */
const prefixOf = (url, name) => {
	const { host, pathname } = url === undefined || typeof url === 'function' ? /** @type {Partial<URL>} */ ({}) : new URL(new Request(`${url}`.replace(/^ws/, 'http')).url);
	return 'resumable-ws ' + JSON.stringify([host, pathname, name]);
};

/**
 * Returns the messages in a storage.
 * @type {(storage: any, prefix: string) => Stored[]}
 */
const stored = (storage, prefix) => tried(() => {
	const items = storage === 'session' || storage === 'local' ? localStorage : storage;
	return Array.from(items, (_, i) => items.key(i))
		.filter((item) => item?.startsWith(prefix))
		.map((item) => tried(() => JSON.parse(items.getItem(item))))
		.filter((message) => message?.time);
}) ?? [];

/**
 * Returns the result of an action, or undefined if it throws: a storage may be forbidden or contain data of others.
 * @template T
 * @param {() => T} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// the result is undefined
	}
};
