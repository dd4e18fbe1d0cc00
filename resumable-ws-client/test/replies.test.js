import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { FakeServer } from './fake-server.js';
import { TestStorage, closeAll, connect, delta, event, holds, started, tick, until, waits, whole } from './support.js';

let server;
before(async () => server = await FakeServer.start());
afterEach(closeAll);
after(() => server.stop());

const failed = (id, message_id, code = 'provider_error') =>
	event(id, 'assistant_failed', { message_id, code, message: `it was ${code}` });
const mark = (events) => events.map((it) => ({ ...it, replay: true }));
const texts = (client) => Object.fromEntries([...client.replies].map(([id, { text }]) => [id, text]));

async function opened(options) {
	const client = connect(server.url, options);
	const connection = await server.connection();
	connection.resume();
	await until(() => client.status === 'open');
	return { client, connection };
}

/** Records the events of a reply. */
function watch(reply) {
	const recorded = [];
	for (const type of ['delta', 'reset', 'end']) {
		reply.addEventListener(type, ({ detail }) => recorded.push(detail ?? type));
	}
	return recorded;
}

test('a reply is an object whose text grows', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm', { in_reply_to: 1 }), delta(3, 'm', 0, 'Hel'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const recorded = watch(reply);
	assert.equal(client.replies.get('m'), reply);
	assert.deepEqual([reply.id, reply.inReplyTo, reply.text, reply.attempt, reply.status], ['m', 1, 'Hel', 1, 'running']);
	connection.send(delta(4, 'm', 3, 'lo'), whole(5, 'm', 'Hello'));
	connection.send(event(6, 'tick'));
	assert.equal(await reply.finished, 'Hello');
	assert.deepEqual([reply.text, reply.status, reply.finishReason], ['Hello', 'done', 'stop']);
	assert.deepEqual(recorded, ['lo', 'end']);
	assert.equal(client.replies.size, 0);
	assert.equal(client.seen.reply.length, 1);
});

test('iterating a reply yields its text so far, at any time', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'one '));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const read = async () => {
		const pieces = [];
		for await (const piece of reply) {
			pieces.push(piece);
			if (pieces.length === 1) {
				connection.send(delta(4, 'm', 4, 'two '));
			}
			else if (pieces.length === 2) {
				connection.send(whole(5, 'm', 'one two three', { usage: { total_tokens: 3 } }));
			}
		}
		return pieces;
	};
	assert.deepEqual(await read(), ['one ', 'one two ', 'one two three']);
	assert.deepEqual(await read(), ['one two three'], 'also when it has ended');
});

test('a failed reply keeps its text, and reading it throws', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'half'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const pieces = [];
	const reading = (async () => {
		for await (const piece of reply) {
			pieces.push(piece);
		}
	})();
	connection.send(failed(4, 'm'));
	await assert.rejects(reading, { code: 'provider_error', message: 'it was provider_error' });
	await assert.rejects(reply.finished, { code: 'provider_error' });
	assert.deepEqual(pieces, ['half']);
	assert.deepEqual([reply.status, reply.text, reply.error.code], ['failed', 'half', 'provider_error']);
	assert.equal(client.replies.size, 0);
});

test('a compacted reply has the text of its message', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'Hel'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const recorded = watch(reply);
	connection.cut();
	(await server.connection()).resume([whole(40, 'm', 'Hello world')]);
	assert.equal(await reply.finished, 'Hello world');
	assert.deepEqual(recorded, ['lo world', 'end']);
	assert.deepEqual(client.ids(), [2, 3, 40]);
});

test('the new part of an overlapping merged delta is appended', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'Hel'), delta(4, 'm', 0, 'Hel'), delta(7, 'm', 1, 'ello w'), delta(8, 'm', 0, 'He'));
	await until(() => client.lastEventId === 8);
	assert.deepEqual(texts(client), { m: 'Hello w' });
});

test('the client fetches the missing events of a hole, and listeners receive each event once and in order', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'), delta(5, 'm', 4, 'ef'), tick(6));
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 3 });
	assert.equal(client.status, 'replaying');
	connection.send(tick(7), delta(8, 'm', 6, 'gh')); // was already in flight
	connection.send(...mark([delta(4, 'm', 2, 'cd'), delta(5, 'm', 4, 'ef'), tick(6), tick(7), delta(8, 'm', 6, 'gh')]));
	connection.send({ type: 'replay_complete', last_event_id: 8, count: 5 }, delta(9, 'm', 8, 'ij'));
	await until(() => client.lastEventId === 9);
	assert.deepEqual(texts(client), { m: 'abcdefghij' });
	assert.deepEqual(client.ids(), [2, 3, 4, 5, 6, 7, 8, 9]);
	assert.equal(client.status, 'open');
	assert.equal(client.seen.reply.length, 1);
});

test('a hole after events of other types is filled from the last delta of the reply', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'), tick(5), tick(6), delta(7, 'm', 4, 'ef'));
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 3 });
	connection.send(...mark([delta(4, 'm', 2, 'cd'), tick(5), tick(6), delta(7, 'm', 4, 'ef')]));
	connection.send({ type: 'replay_complete', last_event_id: 7, count: 4 });
	await until(() => client.lastEventId === 7);
	assert.deepEqual(texts(client), { m: 'abcdef' });
	assert.deepEqual(client.ids(), [2, 3, 5, 6, 7], 'the page has already received the later events');
});

test('the events that fill a hole may have been compacted in the meantime', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'), delta(5, 'm', 4, 'ef'));
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 3 });
	connection.send(tick(8));
	connection.send(...mark([tick(8), whole(9, 'm', 'abcdefgh')]), { type: 'replay_complete', last_event_id: 9, count: 2 });
	await until(() => client.lastEventId === 9);
	assert.equal(client.seen.reply[0].text, 'abcdefgh');
	assert.deepEqual(client.ids(), [2, 3, 8, 9]);
});

test('a hole within a replay waits for its end', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'));
	await until(() => client.lastEventId === 3);
	connection.cut();
	const second = await server.connection();
	second.init({ last_event_id: 7 });
	second.send(...mark([delta(5, 'm', 4, 'ef'), tick(6)]));
	second.send(...mark([tick(7)]));
	await until(() => client.seen.message.some(({ event_id }) => event_id === 7));
	assert.equal(second.messages.length, 0);
	second.send({ type: 'replay_complete', last_event_id: 7, count: 3 });
	assert.deepEqual(await second.message(), { type: 'resume', lastEventId: 3 });
	assert.equal(client.seen.replaycomplete.length, 1);
	second.send(...mark([delta(5, 'm', 0, 'abcdef'), tick(6), tick(7)]), { type: 'replay_complete', last_event_id: 7, count: 3 });
	await until(() => client.lastEventId === 7);
	assert.deepEqual(texts(client), { m: 'abcdef' });
	assert.deepEqual(client.ids(), [2, 3, 5, 6, 7]);
	await until(() => client.seen.replaycomplete.length === 2);
});

test('the client fetches a permanent hole of the log once', async () => {
	const { client, connection } = await opened();
	connection.send(delta(30, 'm', 40, 'tail'));
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 0 });
	connection.send(...mark([tick(1), tick(2), delta(30, 'm', 40, 'tail')]), { type: 'replay_complete', last_event_id: 30, count: 3 });
	connection.send(delta(31, 'm', 44, ' end'));
	await until(() => client.lastEventId === 31);
	assert.deepEqual(texts(client), { m: 'tail end' });
	assert.equal(connection.messages.length, 1);
	connection.send(whole(32, 'm', 'beginning tail end'));
	assert.equal(await client.seen.reply[0].finished, 'beginning tail end');
	assert.equal(client.seen.reply[0].text, 'beginning tail end');
});

test('the client fetches a hole again after the connection breaks', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'), delta(5, 'm', 4, 'ef'));
	await connection.message();
	connection.cut();
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), '3');
	second.resume([delta(4, 'm', 2, 'cd'), delta(5, 'm', 4, 'ef')]);
	await until(() => client.lastEventId === 5);
	assert.deepEqual(texts(client), { m: 'abcdef' });
});

test('a page that is loaded during a reply has the whole text', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(tick(1), started(2, 'm'), delta(3, 'm', 0, 'Hel'), delta(4, 'm', 3, 'lo'));
	await until(() => before.lastEventId === 4);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	assert.equal(client.lastEventId, 4);
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), '1', 'from before the reply');
	second.resume([started(2, 'm'), delta(4, 'm', 0, 'Hello')]);
	await until(() => client.status === 'open');
	assert.deepEqual(client.ids(), [], 'but listeners do not receive events again');
	assert.equal(client.replayed, 0);
	assert.equal(client.seen.reply.length, 1);
	assert.deepEqual(texts(client), { m: 'Hello' });
	second.send(delta(5, 'm', 5, ' world'), whole(6, 'm', 'Hello world'));
	assert.equal(await client.seen.reply[0].finished, 'Hello world');
	assert.deepEqual(client.ids(), [5, 6]);
	client.close();
	connect(server.url, { storage, resume: 'cursor' });
	assert.equal((await server.connection()).query.get('lastEventId'), '6', 'from the cursor, once no reply runs');
});

test('a page that is loaded after a reply has ended receives the end of the reply', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'Hel'));
	await until(() => before.lastEventId === 3);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	(await server.connection()).resume([started(2, 'm'), whole(9, 'm', 'Hello')]);
	await until(() => client.status === 'open');
	assert.deepEqual(client.ids(), [9]);
	assert.deepEqual(client.seen.reply.map(({ text, status }) => [text, status]), [['Hello', 'done']]);
});

test('a page that loses its connection while it fetches a reply again loses no text', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(tick(1), started(2, 'm'), delta(3, 'm', 0, 'ab'), delta(4, 'm', 2, 'cd'));
	await until(() => before.lastEventId === 4);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	second.init({ last_event_id: 5 });
	second.send(...mark([started(2, 'm'), delta(3, 'm', 0, 'ab')]));
	await until(() => texts(client).m === 'ab');
	second.cut();
	const third = await server.connection();
	assert.equal(third.query.get('lastEventId'), '1');
	third.resume([started(2, 'm'), delta(5, 'm', 0, 'abcdef')]);
	await until(() => client.status === 'open');
	assert.deepEqual(texts(client), { m: 'abcdef' });
	assert.deepEqual(client.ids(), [5]);
});

test('after a reload, a page has the running replies and not those that have ended', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(started(1, 'a'), started(2, 'b'), delta(3, 'a', 0, 'A'), delta(4, 'b', 0, 'B'), failed(5, 'b'), started(6, 'c'),
		delta(7, 'c', 0, 'C'), whole(8, 'c', 'C'), delta(9, 'a', 1, 'AA'), started(10, 'd'));
	await until(() => before.lastEventId === 10);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), null);
	second.resume([started(1, 'a'), started(2, 'b'), delta(3, 'a', 0, 'A'), delta(4, 'b', 0, 'B'), failed(5, 'b'), started(6, 'c'),
		whole(8, 'c', 'C'), delta(9, 'a', 1, 'AA'), started(10, 'd')]);
	await until(() => client.status === 'open');
	assert.deepEqual(client.seen.reply.map(({ id }) => id), ['a', 'd']);
	assert.deepEqual(texts(client), { a: 'AAA', d: '' });
	assert.deepEqual(client.ids(), []);
});

test('a reply that started before the running ones and has ended is ignored after a reload', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(started(1, 'b'), delta(2, 'b', 0, 'B'), started(3, 'a'), delta(4, 'b', 1, 'B'), failed(5, 'b'), delta(6, 'a', 0, 'A'));
	await until(() => before.lastEventId === 6);
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const second = await server.connection();
	assert.equal(second.query.get('lastEventId'), '2');
	second.resume([started(3, 'a'), delta(4, 'b', 1, 'B'), failed(5, 'b'), delta(6, 'a', 0, 'A')]);
	await until(() => client.status === 'open');
	assert.deepEqual(client.seen.reply.map(({ id }) => id), ['a']);
	assert.deepEqual(texts(client), { a: 'A' });
	assert.equal(second.messages.length, 0);
});

test('an event of the application that resembles one of a reply is ignored by replies', async () => {
	const { client, connection } = await opened();
	connection.send(event(1, 'assistant_delta', { n: 1 }), event(2, 'assistant_delta', { message_id: 'x' }),
		event(3, 'assistant_message', { message_id: 'x' }), event(4, 'assistant_note', { message_id: 'y' }), tick(5));
	await until(() => client.lastEventId === 5);
	assert.deepEqual(client.ids(), [1, 2, 3, 4, 5]);
	assert.equal(client.replies.size, 0);
});

test('a page that passes a cursor within a reply has the whole text', async () => {
	const client = connect(server.url, { sessionId: 'c0ffee00-0000-4000-8000-000000000000', lastEventId: 4 });
	const connection = await server.connection();
	connection.resume([delta(5, 'm', 4, 'ef')]);
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 0 });
	connection.send(...mark([tick(1), started(2, 'm'), delta(5, 'm', 0, 'abcdef')]), { type: 'replay_complete', last_event_id: 5, count: 3 });
	await until(() => client.status === 'open' && client.lastEventId === 5);
	assert.deepEqual(texts(client), { m: 'abcdef' });
	assert.deepEqual(client.ids(), [5]);
});

test('a restarted reply keeps its object', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm1'), delta(3, 'm1', 0, 'old'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const recorded = watch(reply);
	const pieces = [];
	const reading = (async () => {
		for await (const piece of reply) {
			pieces.push(piece);
		}
	})();
	await until(() => pieces.length === 1);
	connection.send(started(4, 'm2', { supersedes: 'm1' }), delta(5, 'm2', 0, 'new'));
	await until(() => client.lastEventId === 5);
	assert.deepEqual([reply.id, reply.attempt, reply.text, reply.status], ['m2', 2, 'new', 'running']);
	assert.deepEqual([...client.replies.keys()], ['m2']);
	connection.send(whole(6, 'm2', 'new text'));
	await reading;
	assert.deepEqual(pieces, ['old', 'new', 'new text']);
	assert.deepEqual(recorded, ['reset', 'new', ' text', 'end']);
	assert.equal(client.seen.reply.length, 1);
});

test('a reply that is restarted while the client is disconnected, or before the page is loaded, has the new text', async () => {
	const storage = new TestStorage();
	const { client: before, connection } = await opened({ storage, resume: 'cursor' });
	connection.send(started(2, 'm1'), delta(3, 'm1', 0, 'old'));
	await until(() => before.lastEventId === 3);
	connection.cut();
	(await server.connection()).resume([started(4, 'm2', { supersedes: 'm1' }), delta(5, 'm2', 0, 'ne')]);
	await until(() => before.lastEventId === 5);
	assert.deepEqual(texts(before), { m2: 'ne' });
	before.close();
	const client = connect(server.url, { storage, resume: 'cursor' });
	const third = await server.connection();
	third.resume([started(2, 'm1'), started(4, 'm2', { supersedes: 'm1' }), delta(5, 'm2', 0, 'ne')]);
	await until(() => client.status === 'open');
	assert.deepEqual(client.seen.reply.map(({ id, text, attempt }) => [id, text, attempt]), [['m2', 'ne', 2]]);
	third.send(started(6, 'm3', { supersedes: 'm2' }), delta(7, 'm3', 0, 'newest'));
	await until(() => client.lastEventId === 7);
	assert.deepEqual(texts(client), { m3: 'newest' });
	assert.equal(client.seen.reply.length, 1);
});

test('filling a hole does not restore a superseded attempt', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm1'), started(4, 'm2', { supersedes: 'm1' }), delta(5, 'm2', 0, 'ab'), delta(7, 'x', 3, 'yz'));
	assert.deepEqual(await connection.message(), { type: 'resume', lastEventId: 0 });
	connection.send(...mark([started(2, 'm1'), started(4, 'm2', { supersedes: 'm1' }), delta(5, 'm2', 0, 'ab'), started(6, 'x'), delta(7, 'x', 0, 'wwwyz')]));
	connection.send({ type: 'replay_complete', last_event_id: 7, count: 5 });
	await until(() => client.lastEventId === 7);
	assert.deepEqual(texts(client), { m2: 'ab', x: 'wwwyz' });
	assert.deepEqual(client.seen.reply.map(({ id, attempt }) => [id, attempt]), [['m2', 2], ['x', 1]]);
});

test('a cancel is sent again after a reconnect, and with the new id of a restarted reply', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm1'), delta(3, 'm1', 0, 'text'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	reply.cancel();
	assert.deepEqual(await connection.message(), { type: 'cancel', message_id: 'm1' });
	connection.cut();
	const second = await server.connection();
	second.resume([tick(4)]);
	assert.deepEqual(await second.message(), { type: 'cancel', message_id: 'm1' });
	second.send(started(5, 'm2', { supersedes: 'm1' }));
	assert.deepEqual(await second.message(2), { type: 'cancel', message_id: 'm2' });
	second.send(whole(6, 'm2', 'te', { finish_reason: 'cancelled' }));
	assert.equal(await reply.finished, 'te');
	assert.equal(reply.finishReason, 'cancelled');
	second.cut();
	const third = await server.connection();
	third.resume();
	await until(() => client.reconnects === 2);
	await holds(() => third.messages.length === 0);
});

test('a reply that ends while its cancel is in flight is not cancelled again', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'));
	await until(() => client.replies.size);
	connection.cut();
	client.cancel('m');
	const second = await server.connection();
	second.resume([whole(9, 'm', 'done')]);
	await until(() => client.status === 'open');
	await holds(() => second.messages.length === 0);
});

test('a cancel that could not be stored is sent again', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'));
	await until(() => client.replies.size);
	client.cancel('m');
	await connection.message(1);
	connection.send({ type: 'error', code: 'unavailable', message: 'not now' });
	assert.deepEqual(await connection.message(2), { type: 'cancel', message_id: 'm' });
});

test('all replies of a session are cancelled, also if the page requested it without a connection', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'));
	await until(() => client.replies.size);
	connection.cut();
	await until(() => waits(client).length);
	client.cancel();
	const second = await server.connection();
	second.resume();
	assert.deepEqual(await second.message(), { type: 'cancel', message_id: 'm' });
	second.send(whole(3, 'm', '', { finish_reason: 'cancelled' }));
	await until(() => client.lastEventId === 3);
	second.cut();
	const third = await server.connection();
	third.resume();
	await until(() => client.reconnects === 2);
	await holds(() => third.messages.length === 0);
});

test('an end without a start is a separate reply', async () => {
	const { client, connection } = await opened();
	connection.send(whole(3, 'm', '', { finish_reason: 'cancelled' }), failed(4, 'n', 'interrupted'));
	await until(() => client.lastEventId === 4);
	assert.deepEqual(client.seen.reply.map(({ id, status }) => [id, status]), [['m', 'done'], ['n', 'failed']]);
	assert.equal(client.replies.size, 0);
});

test('a session that is closed during a reply keeps the reply for the next connection of the client', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'));
	await until(() => client.lastEventId === 3);
	client.close();
	await connection.end();
	assert.deepEqual(texts(client), { m: 'ab' });
	client.reconnect();
	(await server.connection()).resume([delta(4, 'm', 2, 'cd'), whole(5, 'm', 'abcd')]);
	assert.equal(await client.seen.reply[0].finished, 'abcd');
});

test('a session that is closed during a reply rejects the promises of the reply', async () => {
	const { client, connection } = await opened();
	connection.send(started(2, 'm'), delta(3, 'm', 0, 'ab'));
	await until(() => client.lastEventId === 3);
	const [reply] = client.seen.reply;
	const { finished } = reply;
	const texts = [];
	const reading = (async () => {
		for await (const text of reply) {
			texts.push(text);
		}
	})();
	await until(() => texts.length);
	client.close();
	await assert.rejects(finished, { code: 'closed' });
	await assert.rejects(reading, { code: 'closed' });
	assert.deepEqual([reply.status, reply.text], ['running', 'ab']);
});
