import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { FakePage, TestStorage, closeAll, connect, delta, event, holds, started, tick, until } from './support.js';

let server;
let page;
before(async () => server = await FakeServer.start());
afterEach(() => {
	closeAll();
	page?.remove();
	page = undefined;
});
after(() => server.stop());

test('a client that reconnects sends its cursor and receives the missed events', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	assert.equal(first.query.get('sessionId'), null);
	const session = first.resume();
	first.send(tick(1), tick(2));
	await until(() => client.lastEventId === 2);
	first.cut();
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), session);
	assert.equal(second.query.get('lastEventId'), '2');
	second.resume([tick(3), tick(4)]);
	await until(() => client.seen.replaycomplete.length === 2);
	assert.deepEqual(client.ids(), [1, 2, 3, 4]);
	assert.equal(client.reconnects, 1);
	assert.equal(client.replayed, 2);
	assert.equal(client.sessionId, session);
	assert.deepEqual(client.seen.open.map((open) => open.resumed), [false, true]);
	assert.deepEqual(client.seen.replaycomplete[1], { lastEventId: 4, count: 2 });
	const statuses = ['connecting', 'replaying', 'open', 'waiting', 'connecting', 'replaying', 'open'];
	assert.deepEqual(client.seen.status.map(({ status }) => status), statuses);
});

test('a repeated event is dropped, and ids may jump', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	connection.send(tick(1), tick(2), tick(2), tick(1), tick(9));
	await until(() => client.lastEventId === 9);
	assert.deepEqual(client.ids(), [1, 2, 9]);
});

test('an event is dispatched under its type, unless the client uses that name itself', async () => {
	const client = connect(server.url);
	const named = [];
	client.addEventListener('vote', ({ detail }) => named.push(detail.payload.option));
	const connection = await server.connection();
	connection.resume();
	connection.send(event(1, 'vote', { option: 3 }), event(2, 'status', {}), event(3, 'error', {}));
	await until(() => client.lastEventId === 3);
	assert.deepEqual(named, [3]);
	assert.deepEqual(client.seen.event.map(({ type }) => type), ['vote', 'status', 'error']);
	assert.ok(client.seen.status.every(({ attempt }) => attempt >= 0));
	assert.equal(client.seen.error.length, 0);
});

test('a frame may contain several messages, unless the page disables it', async () => {
	const many = connect(server.url);
	assert.equal((await server.connection()).query.get('frames'), 'ndjson');
	many.close();
	connect(server.url, { ndjson: false });
	assert.equal((await server.connection()).query.get('frames'), null);
});

test('each attempt has its own token, as a subprotocol or in the query', async () => {
	const attempts = [];
	const getToken = async ({ attempt, refused }) => `token-${attempts.push({ attempt, refused })}`;
	const client = connect(server.url, { getToken });
	const first = await server.connection();
	assert.deepEqual(first.protocols, ['resumable-ws.v1', 'jwt-token-1']);
	assert.equal(first.query.get('token'), null);
	first.cut();
	assert.deepEqual((await server.connection()).protocols, ['resumable-ws.v1', 'jwt-token-2']);
	assert.deepEqual(attempts, [{ attempt: 0, refused: false }, { attempt: 1, refused: false }]);
	client.close();
	connect(server.url, { getToken, tokenIn: 'query' });
	const third = await server.connection();
	assert.deepEqual(third.protocols, ['resumable-ws.v1']);
	assert.equal(third.query.get('token'), 'token-3');
});

test('a token may be the first message, and nothing else is sent before the server answers', async () => {
	let attempts = 0;
	const client = connect(server.url, { tokenIn: 'message', getToken: () => `token-${++attempts}`, connectTimeout: 5_000 });
	client.say('Hello');
	const first = await server.connection();
	assert.deepEqual(first.protocols, ['resumable-ws.v1']);
	assert.equal(first.query.get('token'), null);
	await until(() => first.received.length);
	await holds(() => first.received.length === 1);
	assert.deepEqual(first.received[0], { type: 'auth', token: 'token-1' });
	first.resume();
	await until(() => first.received.some(({ content }) => content === 'Hello'));
	first.cut();
	const second = await server.connection();
	await until(() => second.received.length);
	assert.deepEqual(second.received[0], { type: 'auth', token: 'token-2' });
	client.close();
	connect(server.url, { tokenIn: 'message' });
	const third = await server.connection();
	third.resume();
	await holds(() => third.received.every(({ type }) => type !== 'auth'));
});

test('a page that keeps its events continues at its cursor after a reload', async () => {
	const storage = new TestStorage();
	const before = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	const session = first.resume();
	first.send(tick(1), tick(2));
	await until(() => before.lastEventId === 2);
	before.close();
	const after = connect(server.url, { storage, resume: 'cursor' });
	assert.equal(after.sessionId, session);
	assert.equal(after.lastEventId, 2);
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), '2');
	second.resume([tick(3)]);
	await until(() => after.lastEventId === 3);
	assert.deepEqual(after.ids(), [3]);
});

test('a page that is reloaded receives the whole session', async () => {
	const storage = new TestStorage();
	const before = connect(server.url, { storage });
	const first = await server.connection();
	const session = first.resume([tick(1), tick(2)]);
	await until(() => before.lastEventId === 2);
	before.close();
	const after = connect(server.url, { storage });
	const second = await server.connection();
	assert.deepEqual([second.query.get('sessionId'), second.query.get('lastEventId')], [session, null]);
	second.resume([tick(1), tick(2), tick(3)]);
	await until(() => after.lastEventId === 3);
	assert.deepEqual(after.ids(), [1, 2, 3]);
});

test('the cursor is not stored for each event, and is up to date when the page is left', async () => {
	page = new FakePage();
	let writes = 0;
	const storage = new class extends TestStorage {

		setItem(key, value) {
			writes++;
			super.setItem(key, value);
		}

	}();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const connection = await server.connection();
	connection.resume();
	const cursor = () => JSON.parse(storage.getItem(storage.key(0)))[1];
	for (let id = 1; id <= 300; id++) {
		connection.send(tick(id));
	}
	await until(() => client.lastEventId === 300);
	assert.ok(writes < 30, `${writes} writes for 300 events`);
	page.leave();
	assert.equal(cursor(), 300);
	connection.send(tick(301));
	await until(() => client.lastEventId === 301);
	connection.send(tick(302));
	await until(() => client.lastEventId === 302);
	page.hide();
	assert.equal(cursor(), 302);
	connection.send(tick(303), tick(304));
	await until(() => client.lastEventId === 304);
	client.close();
	assert.equal(cursor(), 304);
});

test('a client that was closed and connects again stores its cursor as before', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	first.resume();
	first.send(tick(1));
	await until(() => client.lastEventId === 1);
	client.close();
	client.reconnect();
	const second = await server.connection();
	second.resume();
	second.send(tick(2));
	await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 2);
});

test('the page may pass a cursor, which takes precedence over the stored one', async () => {
	const storage = new TestStorage();
	const stored = connect(server.url, { storage, resume: 'cursor' });
	const session = (await server.connection()).resume([tick(1), tick(2), tick(3)]);
	await until(() => stored.lastEventId === 3);
	stored.close();
	const expected = [
		[{ lastEventId: 0 }, session, null],
		[{ resume: 'session' }, session, null],
		[{ lastEventId: 2 }, session, '2'],
		[{ sessionId: session }, session, '3'],
		[{ sessionId: 'f0e1d2c3-0000-4000-8000-000000000000' }, 'f0e1d2c3-0000-4000-8000-000000000000', null],
		[{ sessionId: null }, null, null],
		[{ name: 'other' }, null, null],
	];
	for (const [options, sessionId, lastEventId] of expected) {
		const client = connect(server.url, { storage: new TestStorage(storage), resume: 'cursor', ...options });
		const { query } = await server.connection();
		assert.deepEqual([query.get('sessionId'), query.get('lastEventId')], [sessionId, lastEventId], JSON.stringify(options));
		client.close();
	}
});

test('the cursor is stored only after the listeners have returned', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const crashed = []; // the storage if the page crashed while it handles an event
	client.addEventListener('event', () => crashed.push(new TestStorage(storage)));
	const first = await server.connection();
	first.resume();
	first.send(tick(1), tick(2), tick(3));
	await until(() => client.lastEventId === 3);
	client.close();
	for (const [i, left] of crashed.entries()) {
		const again = connect(server.url, { storage: left, resume: 'cursor' });
		const { lastEventId } = again;
		assert.ok(lastEventId <= i, `${lastEventId} events were processed, but ${i}`);
		const connection = await server.connection();
		connection.resume([1, 2, 3].map(tick).filter(({ event_id }) => event_id > lastEventId));
		await until(() => again.lastEventId === 3);
		assert.equal(again.ids()[0], lastEventId + 1);
		again.close();
	}
});

test('a process that exits while it handles an event receives that event again', async () => {
	const folder = mkdtempSync(join(tmpdir(), 'resumable-ws-'));
	try {
		const left = run('dying-page.js', server.url, join(folder, 'storage.json'), '2');
		const first = await server.connection();
		first.resume();
		first.send(tick(1));
		first.send(tick(2), tick(3));
		assert.equal((await left).code, 7);
		const finished = run('dying-page.js', server.url, join(folder, 'storage.json'), '0');
		const second = await server.connection();
		assert.equal(second.query.get('lastEventId'), '1');
		second.resume([tick(2), tick(3)]);
		assert.deepEqual(await finished, { code: 0, output: 'handled 2\nhandled 3\n' });
		assert.equal(JSON.parse(JSON.parse(readFileSync(join(folder, 'storage.json')))[0][1])[1], 3);
	}
	finally {
		rmSync(folder, { recursive: true });
	}
});

test('a listener that throws affects neither other listeners nor later events', async () => {
	const process = run('throwing-page.js', server.url);
	const connection = await server.connection();
	connection.resume();
	connection.send(tick(1), tick(2));
	const { code, output } = await process;
	assert.equal(code, 0);
	assert.deepEqual(output.trim().split('\n').sort(), ['saw 1', 'saw 2', 'stored 2', 'uncaught 1', 'uncaught 2']);
});

test('the client works with a storage that throws', async () => {
	const refuse = () => { throw new DOMException('No', 'SecurityError'); };
	const storage = { get length() { return refuse(); }, key: refuse, getItem: refuse, setItem: refuse, removeItem: refuse };
	const client = connect(server.url, { storage });
	const first = await server.connection();
	const session = first.resume();
	first.send(tick(1));
	const sent = client.say('hello');
	await first.message();
	await until(() => client.lastEventId === 1);
	first.cut();
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), session);
	assert.equal(second.query.get('lastEventId'), '1');
	second.resume();
	second.ack(await second.message(), 2);
	assert.equal((await sent).eventId, 2);
});

test('the client ignores invalid data in the storage', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage });
	(await server.connection()).resume([tick(1)]);
	await until(() => client.lastEventId === 1);
	client.close();
	storage.setItem(storage.key(0), '{"no');
	const again = connect(server.url, { storage });
	const connection = await server.connection();
	assert.equal(connection.query.get('sessionId'), null);
	connection.resume([tick(1)]);
	await until(() => again.lastEventId === 1);
});

test('tabs that share a storage never move its cursor back', async () => {
	const storage = new TestStorage();
	const ahead = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	const session = first.resume();
	await until(() => ahead.sessionId);
	const behind = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	second.resume();
	first.send(tick(1), tick(2), tick(3));
	await until(() => ahead.lastEventId === 3);
	second.send(tick(1));
	await until(() => behind.lastEventId === 1);
	await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 3);
	assert.deepEqual(JSON.parse(storage.getItem(storage.key(0))), [session, 3, 3, null]);
	second.cut();
	const third = await server.connection();
	assert.equal(third.query.get('lastEventId'), '1', 'a tab resumes at its own cursor');
	third.resume([tick(2), tick(3), tick(4)]);
	await until(() => behind.lastEventId === 4);
	assert.deepEqual(behind.ids(), [1, 2, 3, 4]);
	await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 4);
	assert.deepEqual(JSON.parse(storage.getItem(storage.key(0))), [session, 4, 4, null]);
});

test('two clients of one session both receive every event', async () => {
	const one = connect(server.url);
	const first = await server.connection();
	const sessionId = first.resume();
	await until(() => one.sessionId);
	const two = connect(server.url, { sessionId });
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), sessionId);
	second.resume();
	for (const connection of [first, second]) {
		connection.send(tick(1), started(2, 'm'), delta(3, 'm', 0, 'text'));
	}
	await until(() => one.lastEventId === 3 && two.lastEventId === 3);
	assert.deepEqual(one.ids(), two.ids());
	assert.equal(one.replies.get('m').text, 'text');
	assert.equal(two.replies.get('m').text, 'text');
});

test('an unknown session is gone: its state is discarded, and unsent messages are sent to the new one', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	const old = first.resume();
	first.send(tick(1), started(2, 'm'), delta(3, 'm', 0, 'text'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.replies.values();
	const sent = client.say('hello');
	await first.message();
	first.cut();
	const second = await server.connection();
	const session_id = '0d1f3c8e-5f5d-4f0a-9d0a-6f6f3f3f3f3f';
	second.resume([], { session_id, resumed: false, reason: 'unknown_session', last_event_id: 0 });
	await until(() => client.seen.gone.length);
	assert.deepEqual(client.seen.gone, [{ reason: 'unknown_session', previousSessionId: old, sessionId: session_id }]);
	assert.equal(client.lastEventId, 0);
	assert.equal(client.replies.size, 0);
	await assert.rejects(reply.finished, { code: 'gone', final: true });
	second.ack(await second.message(), 1);
	assert.equal((await sent).eventId, 1);
	second.send(tick(1));
	await until(() => client.lastEventId === 1);
	assert.deepEqual(client.ids(), [1, 2, 3, 1]);
	await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 1);
	assert.deepEqual(JSON.parse(storage.getItem(storage.key(0))), [session_id, 1, 1, null]);
});

test('a session starts over if its events were removed or never stored', async () => {
	for (const reason of ['history_truncated', 'ahead_of_log']) {
		const storage = new TestStorage();
		const client = connect(server.url, { storage, resume: 'cursor' });
		const first = await server.connection();
		const session = first.resume([tick(1), tick(2)]);
		await until(() => client.lastEventId === 2);
		first.cut();
		const second = await server.connection();
		second.resume([tick(1)], { resumed: false, reason, last_event_id: 1 });
		await until(() => client.lastEventId === 1);
		await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 1, 'the stored cursor to go back, too');
		assert.deepEqual(client.seen.gone, [{ reason, previousSessionId: session, sessionId: session }]);
		assert.deepEqual(client.ids(), [1, 2, 1]);
		client.close();
	}
});

test('a session starts over if the log ends before the cursor of the page, even if the server cannot detect it', async () => {
	const storage = new TestStorage();
	const before = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	const session = first.resume();
	first.send(started(1, 'm'), delta(2, 'm', 0, 'a'), tick(3), tick(4));
	await until(() => before.lastEventId === 4);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), null, 'from before the reply');
	second.resume([tick(1), tick(2)], { last_event_id: 2 });
	assert.deepEqual(await second.message(), { type: 'resume', lastEventId: 0 });
	second.send(...[tick(1), tick(2)].map((event) => ({ ...event, replay: true })));
	second.send({ type: 'replay_complete', last_event_id: 2, count: 2 });
	await until(() => client.seen.replaycomplete.length);
	assert.deepEqual(client.seen.gone, [{ reason: 'ahead_of_log', previousSessionId: session, sessionId: session }]);
	assert.deepEqual(client.ids(), [1, 2]);
});

function run(script, ...args) {
	return new Promise((resolve) => {
		const path = new URL(script, import.meta.url).pathname;
		execFile(process.execPath, [...process.execArgv.filter((arg) => arg.startsWith('--experimental-websocket')),
			'--no-warnings', path, ...args], { timeout: 20_000 }, (error, output, errors) => {
			resolve(errors ? { code: error?.code, output, errors } : { code: error ? error.code : 0, output });
		});
	});
}
