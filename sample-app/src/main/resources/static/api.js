// The sample's own endpoints.

// JSON, always: the server refuses anything else, as a page of another origin can send that without being asked
const JSON_HEADERS = { 'Content-Type': 'application/json' };

const call = async (method, path, body) => {
	const response = await fetch(path, {
		method,
		headers: method === 'GET' ? {} : JSON_HEADERS,
		body: body && JSON.stringify(body),
		signal: AbortSignal.timeout(10_000),
	});
	if (!response.ok) {
		throw Object.assign(new Error(`The server answered ${response.status}`), { status: response.status });
	}
	return response.headers.get('Content-Type')?.includes('json') ? response.json() : undefined;
};

export const api = {
	signIn: () => call('POST', '/api/sign-in'),
	signOut: () => call('POST', '/api/sign-out'),
	deviceCode: () => call('POST', '/api/device-codes'),
	join: (code) => call('POST', '/api/join', { code }),
	goBack: () => call('POST', '/api/go-back'),
	conversations: () => call('GET', '/api/conversations'),
	remove: (id) => call('DELETE', `/api/conversations/${id}`),
	permission: () => call('GET', '/api/break-things'),
	cutConnection: () => call('POST', '/api/break-things/connection'),
	expireToken: () => call('POST', '/api/break-things/token'),
	restartServer: () => call('POST', '/api/break-things/server'),
};
