import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { closeAll, connect, event, holds, started, until, waits, whole } from './support.js';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

const userMessage = (id, key) => event(id, 'user_message', { content: 'hello', idempotency_key: key });
const cancels = (connection) => connection.messages.filter(({ type }) => type === 'cancel').map(({ message_id }) => message_id);

/** Returns a client with a running reply to event 1. */
async function replying(options) {
	const client = connect(server.url, options);
	const connection = await server.connection();
	connection.resume();
	connection.send(userMessage(1), started(2, 'm1', { in_reply_to: 1 }));
	await until(() => client.status === 'open' && client.lastEventId === 2);
	return { client, connection };
}

test('a cancel without a connection is for the running reply, and not for replies to later messages', async () => {
	const { client, connection } = await replying();
	const [reply] = client.seen.reply;
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	assert.equal(reply.cancelling, true);
	client.say('next');
	const second = await server.connection();
	second.resume();
	second.ack(await second.message(1), 3);
	second.send(userMessage(3), started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.lastEventId === 4);
	await until(() => cancels(second).length === 1);
	await holds(() => cancels(second).join() === 'm1');
	assert.equal(client.replies.get('m2').cancelling, false);
	second.send(whole(5, 'm1', '', { finish_reason: 'cancelled' }));
	await reply.finished;
	assert.equal(reply.cancelling, false);
});

test('a cancel is also for pending messages, and not for later ones', async () => {
	const { client, connection } = await replying();
	connection.cut();
	await until(() => waits(client).length);
	client.say('before');
	client.cancel();
	client.say('after');
	const second = await server.connection();
	second.resume();
	second.ack(await second.message(1), 3);
	second.send(userMessage(3));
	await until(() => second.messages.some(({ content }) => content === 'after'));
	second.ack(second.messages.find(({ content }) => content === 'after'), 4);
	second.send(userMessage(4), started(5, 'm2', { in_reply_to: 3 }), started(6, 'm3', { in_reply_to: 4 }));
	await until(() => client.lastEventId === 6);
	await until(() => cancels(second).length === 2);
	await holds(() => cancels(second).join() === 'm1,m2');
});

test('a cancel applies to a reply that started before its message was acknowledged', async () => {
	const { client, connection } = await replying();
	client.say('hello');
	const message = await connection.message(1);
	client.cancel();
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.replies.has('m2'));
	connection.ack(message, 3);
	await until(() => cancels(connection).includes('m2'));
});

test('a cancel without a connection is also for waiting replies', async () => {
	const { client, connection } = await replying();
	const waiting = client.say('waits for its turn');
	connection.ack(await connection.message(), 3);
	await waiting;
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	const second = await server.connection();
	second.resume([whole(4, 'm1', 'done'), started(5, 'm2', { in_reply_to: 3 })]);
	await until(() => cancels(second).length === 1);
	await holds(() => cancels(second).join() === 'm2');
});

test('a cancel with a connection is for replies that wait on the server, and is sent once', async () => {
	const { client, connection } = await replying();
	for (let i = 0; i < 50; i++) {
		client.cancel();
	}
	await connection.message(2);
	await holds(() => connection.messages.length === 2);
	assert.deepEqual(connection.messages, [{ type: 'cancel' }, { type: 'cancel', message_id: 'm1' }]);
	client.say('next');
	connection.ack(await connection.message(3), 3);
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => client.replies.has('m2'));
	await holds(() => connection.messages.length === 3);
});

test('a reply that is to be cancelled reports it from its start, also after it is restarted', async () => {
	const { client, connection } = await replying();
	const cancelling = [];
	client.addEventListener('reply', ({ detail }) => cancelling.push(detail.cancelling));
	client.say('hello');
	client.cancel();
	connection.ack(await connection.message(1), 3);
	connection.send(started(4, 'm2', { in_reply_to: 3 }));
	await until(() => cancelling.length);
	assert.deepEqual(cancelling, [true]);
	connection.send(started(5, 'm3', { in_reply_to: 3, supersedes: 'm2' }));
	await until(() => cancels(connection).includes('m3'));
	assert.equal(client.replies.get('m3').cancelling, true);
});

test('a cancel applies to a reply that waits for a long time', async () => {
	const { client, connection } = await replying();
	const waiting = client.say('waits for its turn');
	connection.ack(await connection.message(), 3);
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
		await until(() => second.messages.some(({ content }) => content));
		second.ack(second.messages.find(({ content }) => content), 4);
		await next;
	}
	finally {
		performance.now = now;
	}
	second.send(started(5, 'm2', { in_reply_to: 3 }));
	await until(() => cancels(second).includes('m2'));
});
