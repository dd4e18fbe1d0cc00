import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { TestStorage, closeAll, connect, delta, started, tick, until } from './support.js';

const BEFORE = 'aaaaaaaaaaaa.1';
const AFTER = 'aaaaaaaaaaaa.1-bbbbbbbbbbbb.5';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

/** Returns a client that has received four durable events, and two that the server loses. */
async function ahead(options, more = []) {
	const client = connect(server.url, options);
	const first = await server.connection();
	first.resume([], { epoch: BEFORE });
	first.send(tick(1), tick(2), tick(3), tick(4), ...more, tick(8), tick(9));
	await until(() => client.lastEventId === 9);
	return [client, first];
}

test('the epoch is stored with the cursor, and sent when the client resumes', async () => {
	const storage = new TestStorage();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	assert.equal(first.query.get('epoch'), null);
	first.resume([], { epoch: BEFORE });
	first.send(tick(1));
	await until(() => client.lastEventId === 1);
	first.cut();
	const second = await server.connection();
	assert.equal(second.query.get('epoch'), BEFORE);
	second.resume([], { epoch: BEFORE });
	second.send({ type: 'session_epoch', epoch: AFTER, rewind_to: 4 }, tick(5));
	await until(() => client.lastEventId === 5);
	assert.equal(client.epoch, AFTER);
	client.close();
	connect(server.url, { storage, resume: 'cursor' });
	const third = await server.connection();
	assert.equal(third.query.get('lastEventId'), '5');
	assert.equal(third.query.get('epoch'), AFTER);
});

test('a page may pass the epoch with its cursor', async () => {
	connect(server.url, { sessionId: '0d1f3c8e-5f5d-4f0a-9d0a-6f6f3f3f3f3f', lastEventId: 7, epoch: BEFORE });
	assert.equal((await server.connection()).query.get('epoch'), BEFORE);
});

test('a page that handles a rewind drops the events after it, and continues from there', async () => {
	const storage = new TestStorage();
	const [client, first] = await ahead({ storage, resume: 'cursor' }, [started(5, 'm'), delta(6, 'm', 0, 'lost')]);
	const [reply] = client.replies.values();
	const rewinds = [];
	client.addEventListener('rewind', (event) => {
		event.preventDefault();
		rewinds.push({ ...event.detail, lastEventId: client.lastEventId });
	});
	first.cut();
	const second = await server.connection();
	second.resume([tick(5), tick(6)], { resumed: false, reason: 'history_diverged', rewind_to: 4, last_event_id: 6, epoch: AFTER });
	await until(() => client.lastEventId === 6);
	assert.deepEqual(rewinds, [{ rewindTo: 4, lastEventId: 4 }]);
	assert.deepEqual(client.seen.gone, []);
	await assert.rejects(reply.finished, { code: 'gone' });
	assert.deepEqual(client.ids(), [1, 2, 3, 4, 5, 6, 8, 9, 5, 6]);
	await until(() => JSON.parse(storage.getItem(storage.key(0)))[1] === 6);
	assert.deepEqual(JSON.parse(storage.getItem(storage.key(0))).slice(1), [6, 6, AFTER]);
});

test('a page that does not handle a rewind receives the whole session again', async () => {
	const [client, first] = await ahead();
	const sessionId = client.sessionId;
	first.cut();
	const second = await server.connection();
	second.resume([tick(5)], { resumed: false, reason: 'history_diverged', rewind_to: 4, last_event_id: 5, epoch: AFTER });
	assert.deepEqual(await second.message(), { type: 'resume', lastEventId: 0, epoch: AFTER });
	second.send(...[1, 2, 3, 4, 5].map((id) => ({ ...tick(id), replay: true })));
	second.send({ type: 'replay_complete', last_event_id: 5, count: 5 });
	await until(() => client.lastEventId === 5);
	assert.deepEqual(client.seen.gone, [{ reason: 'history_diverged', previousSessionId: sessionId, sessionId }]);
	assert.deepEqual(client.ids(), [1, 2, 3, 4, 8, 9, 1, 2, 3, 4, 5]);
});

test('messages that were acknowledged in the lost history are sent again, before pending ones', async () => {
	const [client, first] = await ahead();
	const sent = ['kept', 'lost'].map((content) => client.say(content));
	const voted = client.send({ type: 'vote' });
	for (const [i, event_id] of [4, 8, undefined].entries()) {
		first.ack(await first.message(i + 1), event_id);
	}
	await Promise.all([...sent, voted]);
	const waiting = client.say('waiting');
	await first.message(4);
	first.cut();
	const second = await server.connection();
	second.resume([tick(5)], { resumed: false, reason: 'history_diverged', rewind_to: 4, last_event_id: 5, epoch: AFTER });
	const offered = [];
	for (const n of [1, 2, 3]) {
		await until(() => second.messages.filter(({ type }) => type !== 'resume').length >= n);
		offered.push(second.messages.filter(({ type }) => type !== 'resume')[n - 1]);
		second.ack(offered.at(-1), 5 + n);
	}
	assert.deepEqual(offered.map(({ content, type }) => content ?? type), ['lost', 'vote', 'waiting']);
	assert.equal(offered[0].idempotency_key, first.messages[1].idempotency_key);
	assert.equal((await waiting).eventId, 8);
	assert.equal(client.pending, 0);
});

test('a message whose acknowledgement arrived before its event is sent again, even if the page lost no event', async () => {
	const client = connect(server.url);
	const first = await server.connection();
	first.resume([], { epoch: BEFORE });
	const sent = client.say('hello');
	first.ack(await first.message(), 1);
	await sent;
	first.cut();
	const second = await server.connection();
	second.resume([], { epoch: 'bbbbbbbbbbbb.1', rewind_to: 0 });
	assert.equal((await second.message()).content, 'hello');
	assert.deepEqual(client.seen.gone, []);
});

test('a page that fetches a reply from its start still detects the loss of later events', async () => {
	const storage = new TestStorage();
	const before = connect(server.url, { storage, resume: 'cursor' });
	const first = await server.connection();
	first.resume([], { epoch: BEFORE });
	first.send(tick(1), started(2, 'm'), delta(3, 'm', 0, 'a'), tick(9));
	await until(() => before.lastEventId === 9);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), '1');
	second.resume([], { last_event_id: 12, rewind_to: 4, epoch: AFTER });
	const third = await server.connection();
	assert.equal(third.query.get('lastEventId'), '9');
	assert.equal(third.query.get('epoch'), BEFORE);
	third.resume([tick(2)], { resumed: false, reason: 'history_diverged', rewind_to: 1, last_event_id: 2, epoch: AFTER });
	await until(() => client.seen.gone.length);
	assert.equal(client.epoch, AFTER);
});
