// The sample's own endpoints.

const call = async (method, path, fields) => {
	const response = await fetch(path, { method, body: fields && new URLSearchParams(fields), signal: AbortSignal.timeout(10_000) });
	if (!response.ok) {
		throw Object.assign(new Error(`The server answered ${response.status}`), { status: response.status });
	}
	return response.headers.get('Content-Type')?.includes('json') ? response.json() : undefined;
};

export const api = {
	signIn: (code) => call('POST', '/api/sign-in', code && { code }),
	deviceCode: () => call('POST', '/api/device-codes'),
	conversations: () => call('GET', '/api/conversations'),
	remove: (id) => call('DELETE', `/api/conversations/${id}`),
	permission: () => call('GET', '/api/break-things'),
	cutConnection: () => call('POST', '/api/break-things/connection'),
	expireToken: () => call('POST', '/api/break-things/token'),
	restartServer: () => call('POST', '/api/break-things/server'),
};
