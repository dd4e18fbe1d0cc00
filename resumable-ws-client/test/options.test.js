import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ResumableWebSocket } from '../src/client.js';
import { CloseCode, ErrorCode } from '../src/codes.js';
import { closeAll, connect } from './support.js';

afterEach(closeAll);

const URL = 'ws://localhost:1/ws';

for (const [name, value, remedy] of [
	['tokenIn', 'header', /tokenIn: \(subprotocol\|query\|message\)/],
	['transports', ['sse', 'longpol'], /transports: \(websocket\|sse\|longpoll\|,\)/],
	['storage', 'sesion', /storage: \(session\|local\|memory/],
	['resume', 'start', /resume: \(session\|cursor\)/],
	['minDelay', -5, /\d/],
	['maxDelay', Infinity, /\d/],
	['connectTimeout', NaN, /\d/],
	['lastEventId', 'last', /\d/],
	['maxDelays', 5, /maxDelay\b/],
]) {
	test(`the option ${name} cannot be ${value}, and the error lists valid values`, () => {
		assert.throws(() => new ResumableWebSocket(URL, { [name]: value }), (error) => {
			assert.ok(error instanceof TypeError);
			assert.ok(error.message.startsWith(`Invalid: ${name}: ${value}, `));
			assert.match(error.message, remedy);
			return true;
		});
	});
}

test('options that are undefined have their defaults', () => {
	connect(URL, Object.fromEntries(['getToken', 'tokenIn', 'storage', 'name', 'resume', 'sessionId', 'lastEventId', 'epoch', 'ndjson', 'transports', 'minDelay', 'maxDelay',
		'minUptime', 'connectTimeout', 'maxOutbox', 'WebSocket', 'debug'].map((name) => [name, undefined])));
});

test('a platform without a WebSocket requires the option WebSocket', () => {
	const { WebSocket } = globalThis;
	delete globalThis.WebSocket;
	try {
		assert.throws(() => new ResumableWebSocket(URL), { name: 'TypeError', message: /option WebSocket/ });
		connect(URL, { WebSocket });
	}
	finally {
		globalThis.WebSocket = WebSocket;
	}
});

test('a relative URL requires a page', () => {
	assert.throws(() => new ResumableWebSocket('/ws'), { name: 'TypeError', message: /\/ws/ });
});

test('codes have names', () => {
	assert.equal(CloseCode.SUPERSEDED, 4409);
	assert.equal(ErrorCode.SIGN_IN_REFUSED, 'sign_in_refused');
});
