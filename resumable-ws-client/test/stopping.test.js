import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { closeAll, connect, event, holds, started, until, waits, whole } from './support.js';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

const said = (id, key) => event(id, 'user_message', { content: 'hello', idempotency_key: key });
const cancels = (connection) => connection.said.filter(({ type }) => type === 'cancel').map(({ message_id }) => message_id);

/** A client with a running reply to event 1. */
async function replying(options) {
	const client = connect(server.url, options);
	const connection = await server.connection();
	connection.resume();
	connection.send(said(1), started(2, 'm1', { in_reply_to: 1 }));
	await until(() => client.status === 'open' && client.lastEventId === 2);
	return { client, connection };
}

test('a stop without a connection is for what runs, and not for the reply to what is said next', async () => {
	const { client, connection } = await replying();
	const [reply] = client.seen.reply;
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	assert.equal(reply.cancelling, true);
	client.say('next');
	const second = await server.connection();
	second.resume();
	second.ack(await second.heard(1), 3);
	second.send(said(3), started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.lastEventId === 4);
	await until(() => cancels(second).length === 1);
	await holds(() => cancels(second).join() === 'm1');
	assert.equal(client.replies.get('m2').cancelling, false);
	second.send(whole(5, 'm1', '', { finish_reason: 'cancelled' }));
	await reply.finished;
	assert.equal(reply.cancelling, false);
});

test('a stop is also for what waits in the outbox, and not for what is said after it', async () => {
	const { client, connection } = await replying();
	connection.cut();
	await until(() => waits(client).length);
	client.say('before');
	client.cancel();
	client.say('after');
	const second = await server.connection();
	second.resume();
	second.ack(await second.heard(1), 3);
	second.send(said(3));
	await until(() => second.said.some(({ content }) => content === 'after'));
	second.ack(second.said.find(({ content }) => content === 'after'), 4);
	second.send(said(4), started(5, 'm2', { in_reply_to: 3 }), started(6, 'm3', { in_reply_to: 4 }));
	await until(() => client.lastEventId === 6);
	await until(() => cancels(second).length === 2);
	await holds(() => cancels(second).join() === 'm1,m2');
});

test('a stop holds for a reply that began before its message was acknowledged', async () => {
	const { client, connection } = await replying();
	client.say('hello');
	const message = await connection.heard(1);
	client.cancel();
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.replies.has('m2'));
	connection.ack(message, 3);
	await until(() => cancels(connection).includes('m2'));
});

test('a stop without a connection is for replies that wait for their turn, too', async () => {
	const { client, connection } = await replying();
	const waiting = client.say('waits for its turn');
	connection.ack(await connection.heard(), 3);
	await waiting;
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	const second = await server.connection();
	second.resume([whole(4, 'm1', 'done'), started(5, 'm2', { in_reply_to: 3 })]);
	await until(() => cancels(second).length === 1);
	await holds(() => cancels(second).join() === 'm2');
});

test('a stop with a connection is for replies that wait on the server, and is said once', async () => {
	const { client, connection } = await replying();
	for (let i = 0; i < 50; i++) {
		client.cancel();
	}
	await connection.heard(2);
	await holds(() => connection.said.length === 2);
	assert.deepEqual(connection.said, [{ type: 'cancel' }, { type: 'cancel', message_id: 'm1' }]);
	client.say('next');
	connection.ack(await connection.heard(3), 3);
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.replies.has('m2'));
	await holds(() => connection.said.length === 3);
});

test('a reply that is to be stopped says so from its beginning, and under its next name', async () => {
	const { client, connection } = await replying();
	const cancelling = [];
	client.addEventListener('reply', ({ detail }) => cancelling.push(detail.cancelling));
	client.say('hello');
	client.cancel();
	connection.ack(await connection.heard(1), 3);
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => cancelling.length);
	assert.deepEqual(cancelling, [true]);
	connection.send(started(5, 'm3', { in_reply_to: 3, supersedes: 'm2' }));
	await until(() => cancels(connection).includes('m3'));
	assert.equal(client.replies.get('m3').cancelling, true);
});

test('a stop holds for a reply that waits long for its turn', async () => {
	const { client, connection } = await replying();
	const waiting = client.say('waits for its turn');
	connection.ack(await connection.heard(), 3);
	await waiting;
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	const second = await server.connection();
	second.resume();
	await until(() => client.status === 'open');
	const { now } = performance;
	performance.now = () => now.call(performance) + 3_600_000;
	try {
		const next = client.say('an hour later');
		await until(() => second.said.some(({ content }) => content));
		second.ack(second.said.find(({ content }) => content), 4);
		await next;
	}
	finally {
		performance.now = now;
	}
	second.send(started(5, 'm2', { in_reply_to: 3 }));
	await until(() => cancels(second).includes('m2'));
});
