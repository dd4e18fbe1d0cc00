import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { FakePage, closeAll, connect, holds, tick, until, waits } from './support.js';

let server;
let page;
beforeEach(async () => server = await FakeServer.start());
afterEach(async () => {
	closeAll();
	page?.remove();
	page = undefined;
	await server.stop();
});

test('the back-off is random from a minimum to a limit that grows up to a maximum', async () => {
	server.refuseWith = 503;
	const client = connect(server.url, { minDelay: 4, maxDelay: 64 });
	await until(() => waits(client).length >= 20);
	const delays = waits(client).map(({ delay }) => delay);
	delays.forEach((delay, i) => assert.ok(delay >= 4 && delay < Math.min(64, 8 * 1.25 ** i), `wait ${i + 1} of ${delay} ms`));
	assert.deepEqual(waits(client).map(({ attempt }) => attempt), delays.map((delay, i) => i + 1));
	assert.equal(new Set(delays).size, delays.length, 'all delays differ');
	assert.ok(Math.max(...delays.slice(4)) > 16, 'the limit grows');
	assert.ok(Math.min(...delays.slice(4)) < 48, 'delays below the limit occur');
	server.refuseWith = 0;
	(await server.connection()).resume();
	await until(() => client.status === 'open');
});

test('the first back-off is at least half a second', async () => {
	server.refuseWith = 503;
	const client = connect(server.url, { minDelay: undefined, maxDelay: undefined });
	await until(() => waits(client).length >= 1);
	assert.ok(waits(client)[0].delay >= 500, `a wait of ${waits(client)[0].delay} ms`);
});

test('the back-off starts over only after a connection of a minimum duration', async () => {
	const restless = connect(server.url, { minUptime: 60_000 });
	const steady = connect(server.url, { minUptime: 0 });
	for (let i = 0; i < 6; i++) {
		const connection = await server.connection();
		connection.resume();
		connection.cut();
	}
	await until(() => waits(restless).length >= 2 && waits(steady).length >= 2);
	assert.deepEqual(waits(restless).slice(0, 2).map(({ attempt }) => attempt), [1, 2]);
	assert.deepEqual(waits(steady).slice(0, 2).map(({ attempt }) => attempt), [1, 1]);
});

for (const code of [1000, 4400, 4409]) {
	test(`a close with ${code} is final, until the page reconnects`, async () => {
		const client = connect(server.url);
		const connection = await server.connection();
		const session = connection.resume();
		await until(() => client.status === 'open');
		connection.close(code, 'some_reason');
		await until(() => client.status === 'closed');
		assert.deepEqual(client.seen.status.at(-1), { status: 'closed', attempt: 0, code, reason: 'some_reason' });
		await until(() => client.seen.error.length);
		const [{ code: name, final, closeCode }] = client.seen.error;
		assert.deepEqual({ name, final, closeCode }, { name: 'some_reason', final: true, closeCode: code });
		await holds(() => server.attempts === 1);
		client.reconnect();
		assert.equal((await server.connection()).query.get('sessionId'), session);
	});
}

for (const code of [1001, 1011, 1012, 1013, 4408, 4429]) {
	test(`a close with ${code} is not final`, async () => {
		const client = connect(server.url);
		const connection = await server.connection();
		connection.resume();
		connection.close(code, 'some_reason');
		(await server.connection()).resume();
		await until(() => client.reconnects === 1);
		assert.equal(waits(client)[0].code, code);
		assert.equal(client.seen.error[0].final, false);
	});
}

test('an expired token is replaced at once, but with a back-off if the new one is refused, too', async () => {
	const refused = [];
	const client = connect(server.url, {
		minDelay: 60_000,
		maxDelay: 60_000,
		getToken: (attempt) => {
			refused.push(attempt.refused);
			return 'token';
		},
	});
	for (let i = 0; i < 2; i++) {
		const connection = await server.connection();
		connection.resume();
		connection.close(4401, 'token_expired');
	}
	await until(() => waits(client).length === 2);
	assert.equal(waits(client)[0].delay, 0);
	assert.ok(waits(client)[1].delay > 0);
	assert.deepEqual(refused, [false, true]);
	client.reconnect();
	await server.connection();
	assert.deepEqual(refused, [false, true, true]);
});

test('a client waits for as long as a restarting server requests', async () => {
	const client = connect(server.url, { minDelay: 60_000, maxDelay: 60_000 });
	const connection = await server.connection();
	connection.resume();
	connection.send({ type: 'server_restarting', reconnect_after_ms: 17 });
	connection.send(tick(1));
	connection.close(1012, 'restart');
	assert.equal((await server.connection()).query.get('lastEventId'), '1');
	assert.equal(waits(client)[0].delay, 17);
});

test('a client retries to fetch a token', async () => {
	let attempts = 0;
	const client = connect(server.url, {
		getToken: async () => {
			if (++attempts < 3) {
				throw new Error('signed out');
			}
			return 'token';
		},
	});
	(await server.connection()).resume();
	await until(() => client.status === 'open');
	assert.equal(attempts, 3);
	assert.deepEqual(client.seen.error.map(({ code, message, final }) => ({ code, message, final })),
		Array(2).fill({ code: 'token_failed', message: 'signed out', final: false }));
	assert.equal(client.seen.error[0].cause.message, 'signed out');
});

test('a token that cannot be sent is an error, without an attempt to connect', async () => {
	const client = connect(server.url, { getToken: () => 'not a token' });
	await until(() => client.seen.error.length);
	assert.equal(client.seen.error[0].code, 'token_failed');
	assert.equal(server.attempts, 0);
});

/** Resumes connections, except for the first ones, until one opens in time, which may take several on a busy machine. */
async function openedInTime(client, muted = 0) {
	await until(() => {
		server.connections.slice(muted).forEach((connection) => connection.resume());
		muted = Math.max(muted, server.connections.length);
		return client.status === 'open';
	});
}

test('a request for a token times out, and is repeated', async () => {
	let attempts = 0;
	const client = connect(server.url, {
		connectTimeout: 30,
		getToken: () => ++attempts > 1 ? 'token' : new Promise(() => {}),
	});
	await openedInTime(client);
	assert.ok(attempts > 1);
	assert.equal(client.seen.error[0].code, 'connect_timeout');
});

test('the signal of getToken is aborted when the token is no longer awaited', async () => {
	const signals = [];
	const getToken = ({ signal }) => {
		signals.push(signal);
		return new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
	};
	const client = connect(server.url, { connectTimeout: 30, getToken });
	await until(() => signals.length >= 2);
	assert.equal(signals[0].aborted, true);
	assert.equal(waits(client)[0].reason, 'connect_timeout');
	assert.equal(waits(client)[0].code, undefined, 'the connection was not closed');
	client.close();
	assert.ok(signals.every(({ aborted }) => aborted));
});

test('an error page is not a token', async () => {
	for (const tokenIn of ['subprotocol', 'query', 'message']) {
		const client = connect(server.url, { tokenIn, getToken: () => '<!DOCTYPE html><title>502</title>' });
		await until(() => waits(client).length);
		assert.equal(waits(client)[0].reason, 'token_failed');
		assert.match(client.seen.error[0].message, /getToken/);
		assert.ok(!client.seen.error[0].message.includes('502'), 'a token must not be logged');
	}
	assert.equal(server.attempts, 0);
});

test('a sign-in that is refused repeatedly differs from a dead network', async () => {
	const refused = [];
	const client = connect(server.url, { transports: ['websocket'], getToken: (request) => `token${refused.push(request.refused)}` });
	server.refuseWith = 401;
	await until(() => client.seen.error.some(({ code }) => code === 'sign_in_refused'));
	const reasons = waits(client).map(({ reason }) => reason);
	assert.deepEqual(reasons.slice(0, 3), ['connection_lost', 'connection_lost', 'sign_in_refused']);
	await until(() => refused.includes(true));
	server.refuseWith = 0;
	(await server.connection()).resume();
	await until(() => client.status === 'open');
});

test('an unreachable server does not count as a refused sign-in', async () => {
	const { url } = server;
	await server.stop();
	const client = connect(url, { getToken: () => 'token' });
	await until(() => waits(client).length >= 6);
	assert.ok(waits(client).every(({ reason }) => reason === 'connection_lost'));
});

test('a new token that is refused, too, is a refused sign-in', async () => {
	const client = connect(server.url, { getToken: () => 'token' });
	for (let i = 0; i < 2; i++) {
		const connection = await server.connection();
		connection.resume();
		connection.close(4401, 'unauthorized');
	}
	await until(() => waits(client).length === 2);
	assert.deepEqual(waits(client).map(({ reason }) => reason), ['unauthorized', 'sign_in_refused']);
});

test('the URL may be a function, which is called for each attempt', async () => {
	const attempts = [];
	const client = connect(async ({ attempt, signal }) => {
		attempts.push([attempt, signal.aborted]);
		return `${server.url}?n=${attempts.length}`;
	});
	const first = await server.connection();
	assert.equal(first.query.get('n'), '1');
	const session = first.resume();
	first.cut();
	const second = await server.connection();
	assert.deepEqual([second.query.get('n'), second.query.get('sessionId')], ['2', session]);
	assert.deepEqual(attempts, [[0, false], [1, false]]);
	client.close();
});

test('a function that fails to return a URL is called again', async () => {
	let calls = 0;
	const client = connect(() => {
		if (++calls < 3) {
			throw new Error('not yet');
		}
		return server.url;
	});
	(await server.connection()).resume();
	await until(() => client.status === 'open');
	assert.deepEqual(client.seen.error.map(({ code, message }) => [code, message]), Array(2).fill(['connection_failed', 'not yet']));
});

test('a page may request another connection', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	const session = first.resume([tick(1)]);
	await until(() => client.status === 'open');
	client.reconnect({ force: true });
	const second = await server.connection();
	await first.end();
	assert.deepEqual([second.query.get('sessionId'), second.query.get('lastEventId')], [session, '1']);
	second.resume([tick(2)]);
	await until(() => client.lastEventId === 2);
	assert.deepEqual(waits(client), []);
	assert.deepEqual(client.seen.error, []);
});

test('a page may request another attempt while one hangs', async () => {
	let calls = 0;
	const client = connect(server.url, { getToken: () => ++calls > 1 ? 'token' : new Promise(() => {}) });
	await until(() => calls);
	client.reconnect({ force: true });
	(await server.connection()).resume();
	await until(() => client.status === 'open');
});

test('a rate-limited client backs off longer each time, however long its connections lasted', async () => {
	const client = connect(server.url, { minUptime: 0 });
	for (let i = 0; i < 2; i++) {
		const connection = await server.connection();
		connection.resume();
		connection.close(4429, 'messages_rate');
	}
	await until(() => waits(client).length === 2);
	assert.deepEqual(waits(client).map(({ attempt }) => attempt), [1, 2]);
});

test('a tab that is shown repeatedly sends one ping', async () => {
	page = new FakePage();
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	await until(() => client.status === 'open' && connection.pings === 1);
	for (let i = 0; i < 60; i++) {
		page.hide();
		page.show();
		page.online = true;
	}
	await until(() => connection.pings === 2);
	await holds(() => connection.pings === 2);
});

test('an event that takes longer than a heartbeat arrives eventually', async () => {
	const client = connect(server.url);
	for (let n = 1; client.lastEventId < 1; n++) {
		const connection = await server.connection();
		connection.resume([], { heartbeat_ms: 40 });
		connection.stall();
		const late = setTimeout(() => connection.send(tick(1)), 110);
		await until(() => client.reconnects >= n || client.lastEventId === 1 || waits(client).length >= n);
		clearTimeout(late);
		assert.ok(n < 5, 'the connection is closed repeatedly');
	}
});

test('a client gives up a server that accepts the upgrade and sends nothing', async () => {
	const client = connect(server.url, { connectTimeout: 30 });
	await openedInTime(client, 1);
	assert.ok(client.seen.error.some(({ code }) => code === 'connect_timeout'));
});

test('a client gives up a server that accepts connections and does not answer the upgrade', async () => {
	const sockets = [];
	const mute = createServer((socket) => sockets.push(socket.on('error', () => {})));
	await new Promise((resolve) => mute.listen(0, '127.0.0.1', resolve));
	const client = connect(`ws://127.0.0.1:${mute.address().port}/ws`, { connectTimeout: 30 });
	await until(() => waits(client).length >= 2);
	client.close();
	sockets.forEach((socket) => socket.destroy());
	mute.close();
});

test('a client drops a silent connection, without waiting for the server to close it', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume([], { heartbeat_ms: 40 });
	await until(() => first.pings >= 2);
	assert.equal(client.reconnects, 0, 'a server that answers keeps the connection');
	first.stall();
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
	assert.equal(first.ended, false);
	assert.ok(client.seen.error.some(({ code }) => code === 'silent'));
});

test('a frame that is not JSON ends the connection, not the client', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume();
	first.sendText('{"type":"pong"}\n{"type":');
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
	assert.equal(client.seen.error[0].code, 'malformed');
});

test('messages of an unknown type are dispatched and have no other effect', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	connection.send({ type: 'weather', fine: true }, tick(1));
	await until(() => client.lastEventId === 1);
	assert.ok(client.seen.message.some(({ type }) => type === 'weather'));
});

test('a client that waits connects at once when the browser is online again', async () => {
	page = new FakePage();
	const client = connect(server.url, { minDelay: 60_000, maxDelay: 60_000 });
	const first = await server.connection();
	first.resume();
	await until(() => client.status === 'open');
	page.online = false;
	first.cut();
	await until(() => waits(client).length);
	assert.equal(waits(client)[0].delay, Infinity);
	page.show();
	await holds(() => server.attempts === 1);
	page.online = true;
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
});

test('a browser that wrongly reports being offline costs at most the longest delay', async () => {
	page = new FakePage();
	const client = connect(server.url);
	page.online = false;
	(await server.connection()).cut();
	await until(() => waits(client).length);
	(await server.connection()).resume();
	await until(() => client.status === 'open');
});

test('a client that waits connects at once when the tab becomes visible', async () => {
	page = new FakePage();
	const client = connect(server.url, { minDelay: 60_000, maxDelay: 60_000 });
	const first = await server.connection();
	first.resume();
	first.cut();
	await until(() => waits(client).length);
	page.hide();
	await holds(() => server.attempts === 1);
	page.show();
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
});

test('a client pings an open connection when the tab becomes visible', async () => {
	page = new FakePage();
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	await until(() => client.status === 'open' && connection.pings === 1);
	page.hide();
	page.show();
	await until(() => connection.pings === 2);
	await until(() => client.seen.message.filter(({ type }) => type === 'pong').length === 2);
	assert.equal(client.status, 'open');
});

test('a client drops a connection that does not answer the ping when the tab becomes visible', async () => {
	page = new FakePage();
	const client = connect(server.url);
	const first = await server.connection();
	first.resume();
	await until(() => client.seen.message.some(({ type }) => type === 'pong'));
	first.stall();
	page.show();
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
	assert.equal(client.seen.error[0].code, 'silent');
});

test('a page may connect at once', async () => {
	const client = connect(server.url, { minDelay: 60_000, maxDelay: 60_000 });
	const first = await server.connection();
	first.resume();
	first.cut();
	await until(() => waits(client).length);
	client.reconnect();
	(await server.connection()).resume();
	await until(() => client.status === 'open');
	client.reconnect();
	await holds(() => server.attempts === 2);
});

test('a closed client has no connection, no timer and no listener', async () => {
	page = new FakePage();
	const clients = [connect(server.url), connect(server.url), connect(server.url, { minDelay: 60_000, maxDelay: 60_000 })];
	const connections = [await server.connection(), await server.connection(), await server.connection()];
	connections.slice(1).forEach((connection) => connection.resume());
	await until(() => clients.filter(({ status }) => status === 'open').length === 2);
	connections[2].cut();
	assert.ok(page.listeners > 0);
	clients.forEach((client) => client.close());
	assert.ok(clients.every(({ status }) => status === 'closed'));
	await until(() => server.open === 0);
	assert.equal(page.listeners, 0);
	page.show();
	await holds(() => server.attempts === 3);
});

test('a client that is closed before it starts never connects', async () => {
	const client = connect(server.url);
	client.close();
	await holds(() => server.attempts === 0);
	assert.deepEqual(client.seen.status, [{ status: 'closed', attempt: 0, code: 1000, reason: 'closed' }]);
});

test('a client that is closed while it fetches a token does not connect', async () => {
	let give;
	const client = connect(server.url, { getToken: () => new Promise((resolve) => give = resolve) });
	await until(() => give);
	client.close();
	give('token');
	await holds(() => server.attempts === 0);
	assert.equal(client.status, 'closed');
});

test('a listener may close the client at any moment', async () => {
	for (const moment of ['status', 'open', 'message', 'replaycomplete', 'event', 'reply']) {
		const client = connect(server.url);
		const connection = await server.connection();
		client.addEventListener(moment, () => client.close());
		connection.resume([tick(1), { ...tick(2), type: 'assistant_started', payload: { message_id: 'm' } }, tick(3)]);
		await connection.end();
		assert.equal(client.status, 'closed', moment);
		assert.equal(client.seen.status.at(-1).status, 'closed', moment);
		assert.ok(client.lastEventId < 3 || moment === 'replaycomplete', moment);
	}
});

test('a client that was closed may connect again, and resumes at its cursor', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	const session = first.resume([tick(1)]);
	await until(() => client.lastEventId === 1);
	client.close();
	await first.end();
	client.reconnect();
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), session);
	assert.equal(second.query.get('lastEventId'), '1');
});

test('a process exits when its clients are closed', async () => {
	const script = `
		import { ResumableWebSocket } from ${JSON.stringify(new URL('../src/client.js', import.meta.url))};
		const client = new ResumableWebSocket(process.argv[1]);
		client.addEventListener('open', () => client.close());`;
	const flags = process.execArgv.filter((arg) => arg.startsWith('--experimental-websocket'));
	const ended = new Promise((resolve, reject) => execFile(process.execPath,
		[...flags, '--input-type=module', '--eval', script, server.url], { timeout: 20_000 },
		(error) => error ? reject(error) : resolve()));
	(await server.connection()).resume();
	await ended;
});

test('nothing is written to the console unless the page enables debugging', async () => {
	const methods = ['debug', 'log', 'info', 'warn', 'error', 'trace'];
	const original = { ...console };
	const written = [];
	methods.forEach((method) => console[method] = (...args) => written.push(args));
	try {
		for (const debug of [false, true]) {
			const client = connect(server.url, { debug });
			const connection = await server.connection();
			connection.resume([tick(1)]);
			const sent = client.say('hello');
			connection.refuse(await connection.message(), 'invalid');
			await assert.rejects(sent, { code: 'invalid' });
			connection.sendText('invalid');
			(await server.connection()).resume();
			await until(() => client.reconnects === 1);
			client.close();
			assert.equal(written.length > 0, debug);
		}
	}
	finally {
		Object.assign(console, original);
	}
	assert.ok(written.every(([name]) => name === 'resumable-ws'));
});

test('a URL may have the scheme http, and keeps its query', async () => {
	connect(`${server.url}?tenant=a%26b`);
	const { query } = await server.connection();
	assert.equal(query.get('tenant'), 'a&b');
	assert.throws(() => connect('no url'), TypeError);
});
