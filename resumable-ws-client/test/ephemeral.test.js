import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { TestStorage, closeAll, connect, holds, tick, until } from './support.js';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

const typing = (payload) => ({ type: 'typing', ephemeral: true, payload });

/** Records the events that a client dispatches under a type. */
function record(client, type) {
	const details = [];
	client.addEventListener(type, ({ detail }) => details.push(detail));
	return details;
}

test('an ephemeral event is dispatched under its type and changes nothing else', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const seen = record(client, 'typing');
	const connection = await server.connection();
	connection.resume([tick(1)]);
	connection.send(typing({ by: 'ada' }), tick(2), typing({ by: 'bob' }), tick(3));
	await until(() => client.lastEventId === 3);
	assert.deepEqual(seen, [typing({ by: 'ada' }), typing({ by: 'bob' })]);
	assert.deepEqual(client.ids(), [1, 2, 3]);
	assert.equal(client.replayed, 1);
	assert.equal(client.replies.size, 0);
	assert.equal(client.status, 'open');
});

test('an ephemeral event is treated neither as an event of the client nor as a control message', async () => {
	const client = connect(server.url);
	const connection = await server.connection();
	connection.resume();
	await until(() => client.status === 'open');
	const statuses = client.seen.status.length;
	for (const type of ['status', 'reply', 'event', 'constructor']) {
		connection.send({ type, ephemeral: true, payload: {} });
	}
	connection.send({ type: 'assistant_delta', ephemeral: true, payload: { message_id: 'm', offset: 0, content: 'x' } }, tick(1));
	await until(() => client.lastEventId === 1);
	assert.equal(client.seen.status.length, statuses);
	assert.deepEqual([client.seen.reply.length, client.seen.event.length, client.replies.size], [0, 1, 0]);
});

test('an ephemeral message is sent once, and dropped without a connection', async () => {
	const client = connect(server.url);
	client.sendEphemeral('typing', { on: true });
	const first = await server.connection();
	client.sendEphemeral('typing', { on: true });
	first.resume();
	await until(() => client.status === 'open');
	client.sendEphemeral('typing', { on: true });
	client.sendEphemeral('nudge');
	assert.deepEqual(await first.message(2), { type: 'nudge', ephemeral: true });
	assert.deepEqual(first.messages, [typing({ on: true }), { type: 'nudge', ephemeral: true }]);
	assert.equal(client.pending, 0);
	first.cut();
	const second = await server.connection();
	second.resume();
	await until(() => client.status === 'open');
	await holds(() => second.messages.length === 0);
	client.close();
	client.sendEphemeral('typing', { on: false });
});

test('presence is requested and dispatched', async () => {
	const quiet = connect(server.url);
	assert.equal((await server.connection()).query.has('presence'), false);
	quiet.close();
	const client = connect(server.url, { presence: true });
	const seen = record(client, 'presence');
	const connection = await server.connection();
	assert.equal(connection.query.get('presence'), 'true');
	connection.resume();
	const complete = { type: 'presence', complete: true, joined: [{ connection_id: 'a', user_id: 'ada' }], left: [] };
	connection.send(complete);
	await until(() => seen.length === 1);
	assert.deepEqual(seen, [complete]);
});
