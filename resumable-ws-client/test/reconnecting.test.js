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

test('the back-off is random from a minimum to a limit that doubles up to a maximum', async () => {
	server.refuseWith = 503;
	const client = connect(server.url, { minDelay: 4, maxDelay: 64 });
	await until(() => waits(client).length >= 20);
	const delays = waits(client).map(({ delay }) => delay);
	delays.forEach((delay, i) => assert.ok(delay >= 4 && delay < Math.min(64, 4 * 2 ** (i + 1)), `wait ${i + 1} of ${delay} ms`));
	assert.deepEqual(waits(client).map(({ attempt }) => attempt), delays.map((delay, i) => i + 1));
	assert.equal(new Set(delays).size, delays.length, 'no two are the same');
	assert.ok(Math.max(...delays.slice(4)) > 16, 'the limit grows');
	assert.ok(Math.min(...delays.slice(4)) < 48, 'anything below the limit may come');
	server.refuseWith = 0;
	(await server.connection()).resume();
	await until(() => client.status === 'open');
});

test('the first wait is half a second or more', async () => {
	server.refuseWith = 503;
	const client = connect(server.url, { minDelay: undefined, maxDelay: undefined });
	await until(() => waits(client).length >= 1);
	assert.ok(waits(client)[0].delay >= 500, `a wait of ${waits(client)[0].delay} ms`);
});

test('the back-off begins anew only after a connection that lived for a while', async () => {
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
	test(`a close with ${code} is for good, until the page says otherwise`, async () => {
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
	test(`a close with ${code} is not for good`, async () => {
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

test('an expired token is replaced at once, and not at once if the new one is no better', async () => {
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

test('a server that restarts says when to come back', async () => {
	const client = connect(server.url, { minDelay: 60_000, maxDelay: 60_000 });
	const connection = await server.connection();
	connection.resume();
	connection.send({ type: 'server_restarting', reconnect_after_ms: 17 });
	connection.send(tick(1));
	connection.close(1012, 'restart');
	assert.equal((await server.connection()).query.get('lastEventId'), '1');
	assert.equal(waits(client)[0].delay, 17);
});

test('a token that cannot be fetched is fetched again later', async () => {
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

test('a token that cannot be sent is an error, and no attempt', async () => {
	const client = connect(server.url, { getToken: () => 'not a token' });
	await until(() => client.seen.error.length);
	assert.equal(client.seen.error[0].code, 'token_failed');
	assert.equal(server.attempts, 0);
});

test('a token that never comes is given up, and asked for again', async () => {
	let attempts = 0;
	const client = connect(server.url, {
		connectTimeout: 30,
		getToken: () => ++attempts > 1 ? 'token' : new Promise(() => {}),
	});
	(await server.connection()).resume();
	await until(() => client.status === 'open');
	assert.equal(attempts, 2);
	assert.equal(client.seen.error[0].code, 'connect_timeout');
});

test('a server that accepts and says nothing is given up', async () => {
	const client = connect(server.url, { connectTimeout: 30 });
	await server.connection();
	(await server.connection()).resume();
	await until(() => client.status === 'open');
	assert.ok(client.seen.error.some(({ code }) => code === 'connect_timeout'));
});

test('a server that accepts connections and no upgrades is given up, too', async () => {
	const sockets = [];
	const mute = createServer((socket) => sockets.push(socket.on('error', () => {})));
	await new Promise((resolve) => mute.listen(0, '127.0.0.1', resolve));
	const client = connect(`ws://127.0.0.1:${mute.address().port}/ws`, { connectTimeout: 30 });
	await until(() => waits(client).length >= 2);
	client.close();
	sockets.forEach((socket) => socket.destroy());
	mute.close();
});

test('a server that falls silent is dropped, without waiting for it to close', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume([], { heartbeat_ms: 40 });
	await until(() => first.pings >= 2);
	assert.equal(client.reconnects, 0, 'as long as it answers, all is well');
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

test('messages of a type that is not known are passed on and do nothing', async () => {
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

test('a browser that is wrong about being offline costs the longest delay, and no more', async () => {
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

test('an open connection is asked for a sign of life when the tab becomes visible', async () => {
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

test('an open connection that gives no sign of life when the tab becomes visible is dropped', async () => {
	page = new FakePage();
	const client = connect(server.url);
	const first = await server.connection();
	first.resume();
	await until(() => client.status === 'open');
	first.stall();
	page.show();
	(await server.connection()).resume();
	await until(() => client.reconnects === 1);
	assert.equal(client.seen.error[0].code, 'silent');
});

test('a page may say to connect at once', async () => {
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

test('a client that is closed before it began never begins', async () => {
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

test('a client that was closed may connect again, and goes on where it was', async () => {
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

test('a process whose clients are closed ends', async () => {
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

test('nothing is written to the console, unless the page wants to debug', async () => {
	const methods = ['debug', 'log', 'info', 'warn', 'error', 'trace'];
	const original = { ...console };
	const written = [];
	methods.forEach((method) => console[method] = (...args) => written.push(args));
	try {
		for (const debug of [false, true]) {
			const client = connect(server.url, { debug });
			const connection = await server.connection();
			connection.resume([tick(1)]);
			const said = client.say('hello');
			connection.refuse(await connection.heard(), 'invalid');
			await assert.rejects(said, { code: 'invalid' });
			connection.sendText('rubbish');
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

test('a URL may be one of http, and what is in its query stays there', async () => {
	connect(`${server.url}?tenant=a%26b`);
	const { query } = await server.connection();
	assert.equal(query.get('tenant'), 'a&b');
	assert.throws(() => connect('no url'), TypeError);
});
