import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { TestStorage, closeAll, connect, holds, until, waits } from './support.js';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const contents = (connection) => connection.messages.map(({ content }) => content);

test('an acknowledgement settles the promise of a message', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	const said = client.say('hello');
	assert.equal(client.pending, 1);
	const message = await connection.message();
	assert.deepEqual({ ...message, idempotency_key: 0 }, { idempotency_key: 0, type: 'user_message', content: 'hello' });
	assert.match(message.idempotency_key, UUID);
	connection.ack(message, 7, { duplicate: true });
	assert.deepEqual(await said, { idempotencyKey: message.idempotency_key, eventId: 7, duplicate: true });
	assert.equal(client.pending, 0);
});

test('messages of other types are sent in the same way, unaffected by later changes', async () => {
	const client = connect(server.url);
	const payload = { option: 1 };
	const sent = client.send({ type: 'vote', payload });
	payload.option = 2;
	const connection = await server.connection();
	connection.resume();
	const message = await connection.message();
	assert.deepEqual(message.payload, { option: 1 });
	connection.ack(message);
	assert.deepEqual(await sent, { idempotencyKey: message.idempotency_key, eventId: undefined, duplicate: false });
});

test('a message whose key is undefined gets a key', async () => {
	const client = connect(server.url);
	const sent = client.send({ type: 'vote', payload: {}, idempotency_key: undefined });
	const connection = await server.connection();
	connection.resume();
	const message = await connection.message();
	assert.match(message.idempotency_key, UUID);
	connection.ack(message);
	assert.equal((await sent).idempotencyKey, message.idempotency_key);
});

test('messages are sent one after another, in order', async () => {
	const client = connect(server.url);
	const all = ['a', 'b', 'c'].map((content) => client.say(content));
	const connection = await server.connection();
	connection.resume();
	for (let i = 1; i <= 3; i++) {
		const message = await connection.message(i);
		assert.equal(connection.messages.length, i, 'the next one waits for the acknowledgement');
		connection.ack(message, i);
	}
	assert.deepEqual((await Promise.all(all)).map(({ eventId }) => eventId), [1, 2, 3]);
	assert.deepEqual(contents(connection), ['a', 'b', 'c']);
});

test('an unacknowledged message is sent again once on the next connection, with its key', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume();
	const all = ['a', 'b', 'c'].map((content) => client.say(content));
	first.ack(await first.message(1), 1);
	const lost = await first.message(2);
	first.cut();
	const second = await server.connection();
	second.resume();
	assert.deepEqual(await second.message(1), lost);
	second.ack(lost, 2, { duplicate: true });
	second.ack(await second.message(2), 3);
	assert.deepEqual((await Promise.all(all)).map(({ duplicate }) => duplicate), [false, true, false]);
	second.cut();
	const third = await server.connection();
	third.resume();
	client.say('d');
	assert.equal((await third.message(1)).content, 'd');
});

test('unacknowledged messages are sent in order by the next page', async () => {
	const storage = new TestStorage();
	const before = connect(server.url, { storage });
	const first = await server.connection();
	first.resume();
	['a', 'b', 'c', 'd'].forEach((content) => before.say(content));
	first.ack(await first.message(1), 1);
	const lost = await first.message(2);
	before.close();
	const after = connect(server.url, { storage });
	assert.equal(after.pending, 3);
	const later = after.say('e');
	const second = await server.connection();
	second.resume();
	assert.deepEqual(await second.message(1), lost);
	for (let i = 1; i <= 4; i++) {
		second.ack(await second.message(i), i);
	}
	await later;
	assert.deepEqual(contents(second), ['b', 'c', 'd', 'e']);
	after.close();
	assert.equal(connect(server.url, { storage }).pending, 0);
	assert.equal(storage.length, 1, 'only the cursor is left');
});

test('a message that was sent before the session was opened survives a reload', async () => {
	const storage = new TestStorage();
	server.refuseWith = 503;
	const before = connect(server.url, { storage });
	before.say('hello');
	await until(() => waits(before).length);
	before.close();
	server.refuseWith = 0;
	connect(server.url, { storage });
	const connection = await server.connection();
	connection.resume();
	assert.equal((await connection.message()).content, 'hello');
});

test('a message for one session is not sent to another', async () => {
	const storage = new TestStorage();
	const one = connect(server.url, { storage });
	const first = await server.connection();
	const sessionId = first.resume();
	one.say('for the first');
	await first.message();
	one.close();
	const other = connect(server.url, { storage, sessionId: null });
	assert.equal(other.pending, 0);
	const second = await server.connection();
	second.resume();
	await until(() => other.sessionId);
	assert.notEqual(other.sessionId, sessionId);
	other.close();
	connect(server.url, { storage, sessionId });
	const third = await server.connection();
	third.resume();
	assert.equal((await third.message()).content, 'for the first');
});

test('tabs that share a storage leave their unacknowledged messages to each other', async () => {
	const storage = new TestStorage();
	const one = connect(server.url, { storage });
	const first = await server.connection();
	const sessionId = first.resume();
	await until(() => one.sessionId);
	const two = connect(server.url, { storage });
	const second = await server.connection();
	second.resume();
	one.say('of one');
	two.say('of two');
	await first.message();
	const acknowledged = await second.message();
	second.ack(acknowledged, 1);
	await until(() => two.pending === 0);
	closeAll();
	connect(server.url, { storage });
	const third = await server.connection();
	assert.equal(third.query.get('sessionId'), sessionId);
	third.resume();
	third.ack(await third.message(1), 2);
	await holds(() => contents(third).join() === 'of one');
});

test('the outbox is limited', async () => {
	const client = connect(server.url, { maxOutbox: 2 });
	const connection = await server.connection();
	const kept = [client.say('a'), client.say('b')];
	await assert.rejects(client.say('c'), { name: 'ResumableWebSocketError', code: 'outbox_full', final: true });
	connection.resume();
	connection.ack(await connection.message(1), 1);
	await kept[0];
	const later = client.say('d');
	connection.ack(await connection.message(2), 2);
	connection.ack(await connection.message(3), 3);
	await Promise.all([kept[1], later]);
	assert.deepEqual(contents(connection), ['a', 'b', 'd']);
});

for (const code of ['malformed', 'invalid', 'unknown_type', 'failed']) {
	test(`a message that is rejected with ${code} is not sent again, and later ones are sent`, async () => {
		const storage = new TestStorage();
		const client = connect(server.url, { storage });
		const connection = await server.connection();
		connection.resume();
		const refused = client.say('a');
		const accepted = client.say('b');
		connection.refuse(await connection.message(1), code);
		await assert.rejects(refused, { code, message: `it is ${code}`, final: true });
		connection.ack(await connection.message(2), 1);
		await accepted;
		assert.deepEqual(client.seen.error.map((error) => error.code), [code]);
		assert.equal(storage.length, 1);
	});
}

test('a message that cannot be stored now is sent again later, before later messages', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	const all = [client.say('a'), client.say('b')];
	for (let i = 1; i <= 3; i++) {
		connection.refuse(await connection.message(i), 'unavailable');
	}
	connection.ack(await connection.message(4), 1);
	connection.ack(await connection.message(5), 2);
	await Promise.all(all);
	assert.deepEqual(contents(connection), ['a', 'a', 'a', 'a', 'b']);
	assert.equal(new Set(connection.messages.map((message) => message.idempotency_key)).size, 2);
	assert.deepEqual(client.seen.error.map(({ code, final }) => [code, final]), Array(3).fill(['unavailable', false]));
});

for (const code of [1003, 1007, 1009]) {
	test(`a message for which the server closes with ${code} is not sent again, and later ones are sent`, async () => {
		const client = connect(server.url);
		const first = await server.connection();
		first.resume();
		const refused = client.say('too much');
		const accepted = client.say('b');
		await first.message();
		first.close(code, 'message_too_big');
		await assert.rejects(refused, { code: 'message_too_big', closeCode: code, final: true });
		const second = await server.connection();
		second.resume();
		const message = await second.message(1);
		assert.equal(message.content, 'b');
		second.ack(message, 1);
		await accepted;
	});
}

test('a message that the server would not answer is rejected at once', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	const cyclic = { type: 'vote' };
	cyclic.payload = cyclic;
	const messages = [{}, { type: 3 }, { type: 'ping' }, { type: 'cancel' }, { type: 'resume' }, { type: 'auth' },
		{ type: 'vote', idempotency_key: 'mine' }];
	for (const message of messages) {
		await assert.rejects(client.send(message), { code: 'invalid', final: true }, JSON.stringify(message));
	}
	await assert.rejects(client.send(cyclic), TypeError);
	assert.equal(client.pending, 0);
	const accepted = client.say('hello');
	connection.ack(await connection.message(), 1);
	await accepted;
});

test('a key of the page is used, and a pending message is not sent twice', async () => {
	const client = connect(server.url);
	const message = { type: 'vote', payload: 1, idempotency_key: 'C0FFEE00-0000-4000-8000-000000000001' };
	const all = [client.send(message), client.send(message)];
	assert.equal(client.pending, 1);
	const connection = await server.connection();
	connection.resume();
	assert.deepEqual(await connection.message(), { idempotency_key: message.idempotency_key, type: 'vote', payload: 1 });
	connection.ack(message);
	const [one, two] = await Promise.all(all);
	assert.equal(one, two);
});

test('a rejection that no one awaits is not reported as an unhandled rejection', async () => {
	const unhandled = [];
	const listener = (error) => unhandled.push(error);
	process.on('unhandledRejection', listener);
	try {
		const client = connect(server.url, { maxOutbox: 1 });
		const connection = await server.connection();
		connection.resume();
		client.say('a');
		client.say('b');
		connection.refuse(await connection.message(), 'invalid');
		await until(() => client.seen.error.length);
		await holds(() => unhandled.length === 0);
	}
	finally {
		process.off('unhandledRejection', listener);
	}
});

test('a closed client keeps unacknowledged messages, and sends them when it connects again', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume();
	const said = client.say('hello');
	await first.message();
	client.close();
	await first.end();
	client.reconnect();
	const second = await server.connection();
	second.resume();
	await assert.rejects(said, { code: 'closed' });
	const [{ promise }] = client.outbox;
	second.ack(await second.message(), 1);
	assert.equal((await promise).eventId, 1);
});

test('a client that is closed before it has reconnected settles the messages that were sent in between', async () => {
	const client = connect(server.url);
	client.close();
	client.reconnect();
	const said = client.say('hello');
	client.close();
	await assert.rejects(said, { code: 'closed' });
	assert.equal(client.status, 'closed');
	assert.equal(client.pending, 1);
});

test('an acknowledgement of an unknown message is ignored', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	const said = client.say('hello');
	const message = await connection.message();
	connection.ack({ idempotency_key: 'c0ffee00-0000-4000-8000-000000000002' }, 5);
	connection.send({ type: 'error', code: 'unauthorized', message: 'no' });
	connection.ack(message, 6);
	assert.equal((await said).eventId, 6);
	assert.equal(client.seen.error[0].final, false);
});
