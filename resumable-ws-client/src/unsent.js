// Counts what the clients of resumable-ws have left in a storage; client.js, which writes it, does without.

/**
 * @typedef {import('./types.js').ClientStorage} ClientStorage
 * @typedef {import('./types.js').Stored} Stored
 * @typedef {import('./types.js').UnsentMessages} UnsentMessages
 * @typedef {import('./types.js').UrlSource} UrlSource
 */

const NAMED = /^(session|local|memory)$/;

/**
 * Counts the messages in the storage that are not acknowledged, by session: those of this page, of other tabs and of pages that are gone. A client of that
 * session sends what no other client is about to send.
 * @param {{ url?: UrlSource, name?: string, storage?: 'session' | 'local' | 'memory' | ClientStorage }} [options] as those of the clients
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
 * What the names of the clients' items begin with. Clients whose URL is a function have no address in it.
 * @type {(url: UrlSource | undefined, name: string) => string}
 */
const prefixOf = (url, name) => {
	const { host, pathname } = url === undefined || typeof url === 'function' ? /** @type {Partial<URL>} */ ({}) : new URL(new Request(`${url}`.replace(/^ws/, 'http')).url);
	return 'resumable-ws ' + JSON.stringify([host, pathname, name]);
};

/**
 * The messages in a storage.
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
 * What an action returns, if it can: a storage may be forbidden, or hold what no client has written.
 * @template T
 * @param {() => T} action
 */
const tried = (action) => {
	try {
		return action();
	}
	catch {
		// undefined says it
	}
};
