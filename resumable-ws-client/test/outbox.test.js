import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { unsent } from '../src/unsent.js';
import { FakeServer } from './fake-server.js';
import { FakeLocks, FakePage, TestStorage, closeAll, connect, holds, until, waits } from './support.js';

let server;
let page;
const { now } = Date;
beforeEach(async () => server = await FakeServer.start());
afterEach(() => {
	closeAll();
	server.stop();
	page?.remove();
	page = undefined;
	Date.now = now;
	delete globalThis.localStorage;
	delete globalThis.sessionStorage;
});

const contents = (connection) => connection.messages.map(({ content }) => content);
const waiting = (client) => client.outbox.map(({ message }) => message.content);

/** Returns a client with a pending message for a session, while the server refuses connections. */
async function offline(content, options) {
	const client = connect(server.url, options);
	const connection = await server.connection();
	const session = connection.resume();
	await until(() => client.status === 'open');
	server.refuseWith = 503;
	connection.cut();
	await until(() => waits(client).length);
	client.say(content);
	return { client, session };
}

/** Acknowledges a number of messages. */
async function acknowledge(connection, count) {
	for (let n = 1; n <= count; n++) {
		connection.ack(await connection.message(n), n);
	}
}

test('a message of one conversation survives a switch to another, and is sent to its own', async () => {
	const storage = new TestStorage();
	const { client, session } = await offline('important', { storage });
	client.close();
	const other = connect(server.url, { storage, sessionId: 'f0e1d2c3-0000-4000-8000-000000000000' });
	server.refuseWith = 0;
	const second = await server.connection();
	second.resume();
	await until(() => other.status === 'open');
	assert.deepEqual(waiting(other), []);
	assert.deepEqual(unsent({ url: server.url, storage }), [{ sessionId: session, count: 1 }]);
	const background = connect(server.url, { storage, sessionId: session });
	const third = await server.connection();
	assert.equal(third.query.get('sessionId'), session);
	third.resume();
	await acknowledge(third, 1);
	assert.deepEqual(contents(third), ['important']);
	await until(() => unsent({ url: server.url, storage }).length === 0);
	assert.equal(background.pending, 0);
	await holds(() => second.messages.length === 0);
});

test('a message for a new conversation is sent to the next new one, and not to an existing one', async () => {
	const storage = new TestStorage();
	server.refuseWith = 503;
	const before = connect(server.url, { storage, sessionId: null });
	before.say('secret');
	before.close();
	const other = connect(server.url, { storage, sessionId: 'f0e1d2c3-0000-4000-8000-000000000000' });
	server.refuseWith = 0;
	const second = await server.connection();
	second.resume([], { session_id: 'd0e1d2c3-0000-4000-8000-000000000000', resumed: false, reason: 'unknown_session' });
	await until(() => other.status === 'open');
	await holds(() => second.messages.length === 0);
	assert.deepEqual(unsent({ url: server.url, storage }), [{ sessionId: null, count: 1 }]);
	connect(server.url, { storage, sessionId: null });
	const third = await server.connection();
	third.resume();
	await acknowledge(third, 1);
	assert.deepEqual(contents(third), ['secret']);
});

test('pending messages are counted for clients with the same url, name and storage, and for each session', () => {
	const storage = new TestStorage();
	server.refuseWith = 503;
	const say = (url, count, options) => {
		const client = connect(url, { storage, sessionId: null, ...options });
		Array.from({ length: count }, (_, n) => client.say(`${n}`));
	};
	const session = 'f0e1d2c3-0000-4000-8000-000000000000';
	say(server.url, 2);
	say(server.url, 1, { sessionId: session });
	say(server.url, 3, { name: 'alice "b"' });
	say(() => server.url, 4);
	storage.setItem(storage.key(0).replace(/[^\]]*$/, 'broken'), '{');
	storage.setItem(storage.key(0).replace(/[^\]]*$/, 'null'), 'null');
	assert.deepEqual(unsent({ url: server.url, storage }), [{ sessionId: null, count: 2 }, { sessionId: session, count: 1 }]);
	assert.deepEqual(unsent({ url: new URL(server.url), storage, name: 'alice "b"' }), [{ sessionId: null, count: 3 }]);
	assert.deepEqual(unsent({ storage }), [{ sessionId: null, count: 4 }]);
	assert.deepEqual(unsent({ url: server.url, storage: 'memory' }), []);
	assert.deepEqual(unsent({ url: server.url }), [], 'localStorage does not exist');
	for (const invalid of [{ storage: 'disk' }, { storage: null }, { names: 'alice' }]) {
		assert.throws(() => unsent({ url: server.url, ...invalid }), TypeError);
	}
});

test('a closed tab leaves its messages to other tabs', async () => {
	globalThis.localStorage = new TestStorage();
	globalThis.sessionStorage = new TestStorage();
	const { client, session } = await offline('typed', {});
	client.close();
	globalThis.sessionStorage = new TestStorage();
	assert.deepEqual(unsent({ url: server.url }), [{ sessionId: session, count: 1 }]);
	server.refuseWith = 0;
	const other = connect(server.url);
	const connection = await server.connection();
	assert.equal(connection.query.get('sessionId'), null, 'each tab has its own session');
	other.close();
	connect(server.url, { sessionId: session });
	const third = await server.connection();
	third.resume();
	await acknowledge(third, 1);
	await until(() => localStorage.length === 0);
});

for (const locks of [new FakeLocks(), undefined]) {
	const how = locks ? 'with locks' : 'without locks';

	test(`two tabs with the same session each send only their own messages, ${how}`, async () => {
		page = new FakePage(locks);
		const storage = new TestStorage();
		const { client: one, session } = await offline('of one', { storage });
		const two = connect(server.url, { storage, sessionId: session });
		two.say('of two');
		await until(() => waits(two).length);
		server.refuseWith = 0;
		const connections = [await server.connection(), await server.connection()];
		for (const connection of connections) {
			connection.resume();
		}
		await Promise.all(connections.map((connection) => connection.message()));
		await holds(() => connections.every(({ messages }) => messages.length === 1));
		assert.deepEqual(connections.flatMap(contents).sort(), ['of one', 'of two']);
		connections.forEach((connection) => connection.ack(connection.messages[0], 1));
		await until(() => one.pending + two.pending === 0);
	});

	test(`two tabs that open conversations do not send each other's messages, ${how}`, async () => {
		page = new FakePage(locks);
		const storage = new TestStorage();
		server.refuseWith = 503;
		const tabs = ['one', 'two'].map((content) => {
			const tab = connect(server.url, { storage, sessionId: null });
			tab.say(content);
			return tab;
		});
		await until(() => tabs.every((tab) => waits(tab).length > 1));
		server.refuseWith = 0;
		const connections = [await server.connection(), await server.connection()];
		connections.forEach((connection) => connection.resume());
		await Promise.all(connections.map((connection) => acknowledge(connection, 1)));
		await until(() => tabs.every(({ pending }) => pending === 0));
		assert.deepEqual(connections.flatMap(contents).sort(), ['one', 'two']);
	});

	test(`the messages of a crashed tab are sent before later ones, ${how}`, async () => {
		page = new FakePage(locks);
		const storage = new TestStorage();
		const { session } = await offline('first', { storage });
		const left = new TestStorage(storage); // the storage after a crash
		closeAll();
		if (locks) {
			await until(async () => (await locks.query()).held.length === 0);
		}
		else {
			Date.now = () => now() + 100_000;
		}
		const client = connect(server.url, { storage: left, sessionId: session });
		client.say('second');
		server.refuseWith = 0;
		const connection = await server.connection();
		connection.resume();
		await acknowledge(connection, 2);
		assert.deepEqual(contents(connection), ['first', 'second']);
		await until(() => left.length === 1);
	});

	test(`a tab takes over the messages of a closed tab, ${how}`, async () => {
		page = new FakePage(locks);
		const storage = new TestStorage();
		const living = connect(server.url, { storage });
		const connection = await server.connection();
		const session = connection.resume([], { heartbeat_ms: 20 });
		await until(() => living.status === 'open');
		const { client: dying } = await offline('left', { storage, sessionId: session });
		await holds(() => connection.messages.length === 0);
		dying.close();
		await acknowledge(connection, 1);
		assert.deepEqual(contents(connection), ['left']);
	});

	test(`a page that goes into the browser's cache leaves its messages to others, ${how}`, async () => {
		page = new FakePage(locks);
		const storage = new TestStorage();
		const { session } = await offline('left', { storage, minDelay: 60_000, maxDelay: 60_000 });
		page.leave();
		server.refuseWith = 0;
		connect(server.url, { storage, sessionId: session });
		const connection = await server.connection();
		connection.resume();
		await acknowledge(connection, 1);
		assert.deepEqual(contents(connection), ['left']);
	});
}

test('a page that is restored does not send messages that another page has taken over', async () => {
	page = new FakePage(new FakeLocks());
	const storage = new TestStorage();
	server.refuseWith = 503;
	const options = { storage, sessionId: null, minDelay: 60_000, maxDelay: 60_000 };
	const first = connect(server.url, options);
	const sent = first.say('once');
	await until(() => waits(first).length);
	page.leave();
	server.refuseWith = 0;
	connect(server.url, options);
	const connection = await server.connection();
	connection.resume();
	await acknowledge(connection, 1);
	page.comeBack();
	first.reconnect();
	const second = await server.connection();
	second.resume();
	await assert.rejects(sent, { code: 'taken_over' });
	await holds(() => second.messages.length === 0);
});

test('a message that another tab has withdrawn is not sent', async () => {
	page = new FakePage();
	const storage = new TestStorage();
	server.refuseWith = 503;
	const client = connect(server.url, { storage, sessionId: null, minDelay: 60_000, maxDelay: 60_000 });
	const [withdrawn] = [client.say('taken back'), client.say('kept')];
	await until(() => client.pending === 2);
	page.removeElsewhere(storage, storage.key(0));
	await assert.rejects(withdrawn, { code: 'taken_over' });
	assert.deepEqual(waiting(client), ['kept']);
	server.refuseWith = 0;
	client.reconnect({ force: true });
	const connection = await server.connection();
	connection.resume();
	await acknowledge(connection, 1);
	assert.deepEqual(contents(connection), ['kept']);
});

test('a client that is closed twice does not restore messages that another one has sent', async () => {
	const storage = new TestStorage();
	server.refuseWith = 503;
	const first = connect(server.url, { storage, sessionId: null });
	first.say('once');
	first.close();
	server.refuseWith = 0;
	connect(server.url, { storage, sessionId: null });
	const connection = await server.connection();
	connection.resume();
	await acknowledge(connection, 1);
	await until(() => storage.length === 1);
	first.close();
	assert.equal(storage.length, 1);
});

test('a name that is a prefix of another is a different name', async () => {
	const storage = new TestStorage();
	server.refuseWith = 503;
	connect(server.url, { storage, name: 'alice b' }).say('private');
	closeAll();
	assert.equal(connect(server.url, { storage, name: 'alice' }).pending, 0);
	assert.equal(connect(server.url, { storage, name: 'alice b' }).pending, 1);
});

test('the outbox lists pending messages, also after a reload, and reports changes', async () => {
	const storage = new TestStorage();
	const { client, session } = await offline('a', { storage });
	client.say('b');
	assert.deepEqual(waiting(client), ['a', 'b']);
	assert.equal(client.outbox[1], client.outbox[1]);
	assert.deepEqual(client.seen.outbox.map(({ length }) => length), [1, 2]);
	client.close();
	const again = connect(server.url, { storage, sessionId: session });
	assert.deepEqual(waiting(again), ['a', 'b']);
	const [{ key, time, promise }] = again.outbox;
	assert.ok(time <= now());
	server.refuseWith = 0;
	const connection = await server.connection();
	connection.resume();
	await acknowledge(connection, 2);
	assert.equal((await promise).idempotencyKey, key);
	await until(() => again.seen.outbox.at(-1).length === 0);
});

for (const locks of [new FakeLocks(), undefined]) {
	for (const [clock, elapsed] of [['stands still', 0], ['was set back', -60_000]]) {
		test(`messages after a reload follow those before it if the clock ${clock}, ${locks ? 'with locks' : 'without locks'}`, async () => {
			page = new FakePage(locks);
			const storage = new TestStorage();
			server.refuseWith = 503;
			const time = now();
			Date.now = () => time;
			const options = { storage, sessionId: null };
			const before = connect(server.url, options);
			['a', 'b', 'c'].forEach((content) => before.say(content));
			before.close();
			Date.now = () => time + elapsed;
			const after = connect(server.url, options);
			const last = after.say('d');
			server.refuseWith = 0;
			const connection = await server.connection();
			connection.resume();
			await acknowledge(connection, 4);
			await last;
			assert.equal(after.pending, 0);
			assert.deepEqual(contents(connection), ['a', 'b', 'c', 'd']);
		});
	}
}

test('a message that has not been sent can be withdrawn', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage });
	const connection = await server.connection();
	connection.resume();
	const promises = ['a', 'b', 'c'].map((content) => client.say(content));
	const [a, b] = client.outbox;
	const message = await connection.message();
	assert.equal(client.withdraw(a.key), false, 'it may have arrived');
	assert.equal(client.withdraw(b.key), true);
	await assert.rejects(promises[1], { code: 'withdrawn' });
	assert.equal(client.withdraw(b.key), false);
	connection.ack(message, 1);
	connection.ack(await connection.message(2), 2);
	await Promise.all([promises[0], promises[2]]);
	assert.deepEqual(contents(connection), ['a', 'c']);
	assert.equal(storage.length, 1);
});

test('a signal withdraws a message', async () => {
	const controller = new AbortController();
	const client = connect(server.url);
	const sent = client.say('a', { signal: controller.signal });
	controller.abort(new Error('changed my mind'));
	await assert.rejects(sent, { message: 'changed my mind' });
	await assert.rejects(client.say('b', { signal: controller.signal }), { message: 'changed my mind' });
	const connection = await server.connection();
	connection.resume();
	await until(() => client.status === 'open');
	await holds(() => connection.messages.length === 0);
});

test('promises settle when the client is closed, and messages are kept', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage });
	const connection = await server.connection();
	const session = connection.resume();
	const sent = client.say('before');
	await connection.message();
	client.close();
	await assert.rejects(sent, { code: 'closed' });
	await assert.rejects(client.say('after'), { code: 'closed' });
	assert.deepEqual(unsent({ url: server.url, storage }), [{ sessionId: session, count: 1 }]);
});

test('promises settle when the server closes the session', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	const sent = client.say('hello');
	await connection.message();
	connection.close(1000, 'done');
	await assert.rejects(sent, { code: 'closed', closeCode: 1000 });
});

test('many messages are sent within the rate limit of the server', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	for (let i = 0; i < 100; i++) {
		client.say(`${i}`);
	}
	for (let n = 1; n <= 40; n++) {
		connection.ack(await connection.message(n), n);
	}
	await holds(() => connection.messages.length < 44);
	connection.ack(await connection.message(41), 41);
	connection.ack(await connection.message(42), 42);
});

test('the reply to a pending message that was cancelled is cancelled on the page that sends the message', async () => {
	const storage = new TestStorage();
	const { client, session } = await offline('stopped', { storage });
	client.cancel();
	client.close();
	server.refuseWith = 0;
	const next = connect(server.url, { storage, sessionId: session });
	const connection = await server.connection();
	connection.resume();
	await acknowledge(connection, 1);
	await until(() => next.pending === 0);
	connection.send({ type: 'assistant_started', event_id: 2, payload: { message_id: 'm', in_reply_to: 1 } });
	await until(() => connection.messages.some(({ type, message_id }) => type === 'cancel' && message_id === 'm'));
});
