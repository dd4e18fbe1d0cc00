// The sample's own endpoints.

// always JSON: the server rejects other types, because pages of other origins can send those without a preflight request
const JSON_HEADERS = { 'Content-Type': 'application/json' };

const send = async (method, path, { body, signal } = {}) => {
	const timeout = AbortSignal.timeout(10_000);
	const response = await fetch(path, {
		method,
		headers: method === 'GET' ? {} : JSON_HEADERS,
		body: body && JSON.stringify(body),
		signal: signal && AbortSignal.any ? AbortSignal.any([signal, timeout]) : timeout,
	});
	if (!response.ok) {
		throw Object.assign(new Error(`The server answered ${response.status}`), { status: response.status });
	}
	return response;
};

const call = async (...request) => {
	const response = await send(...request);
	return response.headers.get('Content-Type')?.includes('json') ? response.json() : undefined;
};

/** Tabs of a new visitor that sign in at the same time would become different users. Locks exist on https and localhost only. */
const signIn = (signal) => {
	const request = () => call('POST', '/api/sign-in', { signal });
	return navigator.locks ? navigator.locks.request('sign-in', { signal }, request) : request();
};

export const api = {
	about: () => call('GET', '/api/about'),
	signIn,
	signOut: () => call('POST', '/api/sign-out'),
	deviceCode: () => call('POST', '/api/device-codes'),
	join: (code) => call('POST', '/api/join', { body: { code } }),
	goBack: () => call('POST', '/api/go-back'),
	/** @returns a page of conversations, and the address of the next page if there is one */
	conversations: async (path = '/api/conversations') => {
		const response = await send('GET', path);
		return { conversations: await response.json(), next: response.headers.get('Link')?.match(/<([^>]+)>;\s*rel="next"/)?.[1] };
	},
	remove: (id) => call('DELETE', `/api/conversations/${id}`),
	permission: (signal) => call('GET', '/api/break-things', { signal }),
	cutConnection: () => call('POST', '/api/break-things/connection'),
	expireToken: () => call('POST', '/api/break-things/token'),
	restartServer: () => call('POST', '/api/break-things/server'),
};
