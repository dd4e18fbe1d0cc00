// Tests of the client against the starter. A JUnit test starts the server, and passes its address and the transport.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { STARTER_URL, control, gatedAnswer, pieces, restore } from '../entries/starter.js';
import { TestStorage, closeAll, connect, holds, until, waits } from '../support.js';

const { TRANSPORT } = process.env;

/** Returns a client of a new user, or of a given one. */
function open({ user = randomUUID(), ...options } = {}) {
	const client = connect(STARTER_URL, {
		transports: [TRANSPORT], getToken: () => control('token', { user }), connectTimeout: 1500, maxDelay: 100, ...options,
	});
	return Object.assign(client, { user });
}

async function opened(options) {
	const client = open(options);
	await until(() => client.status === 'open', 'the connection');
	assert.equal(client.transport, TRANSPORT);
	return client;
}

/** Returns the events and replies that a new client reads from the log. */
async function log(client) {
	const reader = await opened({ user: client.user, sessionId: client.sessionId, storage: 'memory', lastEventId: 0 });
	await until(() => reader.seen.replaycomplete.length, 'all of the log');
	reader.close();
	return reader.seen;
}

/** Asserts that clients have each event of the log once and in order, except for removed deltas. */
async function assertHasTheLog(...clients) {
	const { event } = await log(clients[0]);
	for (const client of clients) {
		const ids = client.ids();
		assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), 'in order and once');
		const seen = client.seen.event.filter(({ type }) => type !== 'assistant_delta');
		const stored = event.filter(({ type }) => type !== 'assistant_delta');
		assert.deepEqual(seen.map(({ event_id, type, payload }) => ({ event_id, type, payload })),
			stored.map(({ event_id, type, payload }) => ({ event_id, type, payload })));
	}
}

const firstReply = (client) => [...client.replies.values()][0];

/** Starts a reply, and releases some pieces of it. */
async function startReply(client, released = 3, count = 10) {
	const text = await gatedAnswer(count);
	client.say('Talk to me');
	await until(() => firstReply(client), 'the reply');
	await control('release', { pieces: released });
	await until(() => firstReply(client).text.includes(pieces(count)[released - 1]), `${released} pieces`);
	return text;
}

afterEach(async () => {
	closeAll();
	await restore();
	await control('delay', { ms: 0 });
});

test('a question is acknowledged and answered', async () => {
	const text = await control('answer', { pieces: ['Hello', ', ', 'world'] });
	const client = await opened();
	const { eventId, duplicate } = await client.say('Hello?');
	assert.deepEqual([eventId, duplicate], [1, false]);
	await until(() => client.seen.reply.length);
	const [reply] = client.seen.reply;
	let read = '';
	for await (const soFar of reply) {
		assert.ok(soFar.startsWith(read));
		read = soFar;
	}
	assert.equal(read, text);
	assert.deepEqual([reply.text, reply.inReplyTo, reply.finishReason], [text, 1, 'stop']);
	await until(() => client.seen.event.at(-1).type === 'assistant_message');
	await assertHasTheLog(client);
});

test('a client that reconnects receives the missed events', async () => {
	const client = await opened();
	const { sessionId: session } = client;
	await control('publish', { session, type: 'tick', payload: { n: 1 } });
	await until(() => client.lastEventId === 1);
	await control('refuse');
	await control('cut');
	await control('publish', { session, type: 'tick', payload: { n: 2 } });
	await control('publish', { session, type: 'tick', payload: { n: 3 } });
	await control('accept');
	await until(() => client.lastEventId === 3);
	assert.deepEqual(client.ids(), [1, 2, 3]);
	assert.equal(client.reconnects, 1);
	assert.equal(client.replayed, 2);
	await assertHasTheLog(client);
});

test('a connection that breaks during a reply loses no text', async () => {
	const client = await opened();
	const text = await startReply(client);
	const reply = firstReply(client);
	const read = (async () => {
		let all = '';
		for await (const soFar of reply) {
			all = soFar;
		}
		return all;
	})();
	await control('cut');
	await control('release', { pieces: 3 });
	await until(() => reply.text.includes('piece 5'));
	await control('cut');
	await control('open');
	assert.equal(await reply.finished, text);
	assert.equal(await read, text);
	assert.ok(client.reconnects >= 1);
	await until(() => client.seen.event.at(-1).type === 'assistant_message');
	await assertHasTheLog(client);
});

test('a network that breaks repeatedly loses nothing', async () => {
	const client = await opened();
	await control('cutRandomly', { seed: 4, from: 600, to: 2500 });
	await control('cut');
	const text = await control('answer', { pieces: pieces(150), pauseMs: 8 });
	const { eventId } = await client.say('Talk to me');
	await until(() => client.seen.reply.length);
	assert.equal(await client.seen.reply[0].finished, text);
	assert.equal(client.seen.reply[0].inReplyTo, eventId);
	assert.ok(client.reconnects >= 3, `${client.reconnects} reconnects`);
	await control('stopCutting');
	await until(() => client.seen.event.at(-1).type === 'assistant_message');
	await assertHasTheLog(client);
});

test('a page that is loaded during a reply has the whole session', async () => {
	const storage = new TestStorage();
	const before = await opened({ storage });
	const text = await startReply(before);
	before.close();
	await control('release', { pieces: 2 });
	const after = await opened({ storage, user: before.user });
	assert.deepEqual(after.seen.event.slice(0, 2).map(({ type }) => type), ['user_message', 'assistant_started']);
	await control('open');
	assert.equal(await after.seen.reply[0].finished, text);
	await until(() => after.seen.event.at(-1).type === 'assistant_message');
	await assertHasTheLog(after);
});

test('a page that keeps its events and is loaded during a reply has the whole text', async () => {
	const storage = new TestStorage();
	const before = await opened({ storage, resume: 'cursor' });
	const text = await startReply(before);
	const { lastEventId } = before;
	before.close();
	await control('release', { pieces: 2 });
	const after = await opened({ storage, user: before.user, resume: 'cursor' });
	assert.ok(after.ids().every((id) => id > lastEventId), 'no event twice');
	await until(() => firstReply(after)?.text.endsWith('piece 4; '));
	assert.ok(text.startsWith(firstReply(after).text));
	await control('open');
	assert.equal(await after.seen.reply[0].finished, text);
	await until(() => after.seen.event.at(-1).type === 'assistant_message');
});

test('a page that is loaded after a reply has ended has the whole text', async () => {
	const storage = new TestStorage();
	const before = await opened({ storage });
	const text = await startReply(before);
	const other = await opened({ user: before.user, sessionId: before.sessionId });
	before.close();
	await control('open');
	await until(() => other.seen.event.some(({ type }) => type === 'assistant_message'));
	const after = await opened({ storage, user: before.user });
	assert.deepEqual(after.seen.reply.map((reply) => [reply.text, reply.status]), [[text, 'done']]);
});

test('messages without a connection are stored once and in order, also if the next page sends them', async () => {
	await control('answer', { pieces: ['ok'] });
	const storage = new TestStorage();
	const before = await opened({ storage });
	await control('refuse');
	await control('cut');
	['a', 'b', 'c'].forEach((content) => before.say(content));
	assert.equal(before.pending, 3);
	before.close();
	const after = open({ storage, user: before.user });
	const last = after.say('d');
	await control('accept');
	await last;
	assert.equal(after.pending, 0);
	await until(() => after.seen.event.filter(({ type }) => type === 'assistant_message').length === 4);
	const { event } = await log(after);
	assert.deepEqual(event.filter(({ type }) => type === 'user_message').map(({ payload }) => payload.content), ['a', 'b', 'c', 'd']);
});

test('a message whose acknowledgement was lost is stored once', async () => {
	const client = await opened();
	const { sessionId: session } = client;
	await control('delay', { ms: 150 });
	const sent = [];
	for (let i = 0; i < 5; i++) {
		sent.push(client.send({ type: 'vote', payload: { option: i } }));
	}
	for (let i = 1; i <= 5; i++) {
		await until(async () => await control('votes', { session }) === i, `${i} votes to be counted`);
		await control('cut'); // while the acknowledgement is in flight
	}
	const acknowledged = await Promise.all(sent);
	assert.ok(acknowledged.some(({ duplicate }) => duplicate), 'an acknowledgement was lost');
	assert.equal(await control('votes', { session }), 5);
	await until(() => client.lastEventId === 5);
	assert.deepEqual(client.seen.event.map(({ payload }) => payload.option), [0, 1, 2, 3, 4]);
	await assertHasTheLog(client);
});

test('a message that the application rejects fails, and later ones do not', async () => {
	const client = await opened();
	const refused = client.send({ type: 'vote', payload: {} });
	const unknown = client.send({ type: 'veto' });
	const blank = client.say(' ');
	const accepted = client.send({ type: 'vote', payload: { option: 1 } });
	await assert.rejects(refused, { code: 'invalid', final: true });
	await assert.rejects(unknown, { code: 'unknown_type', final: true });
	await assert.rejects(blank, { code: 'invalid', final: true });
	await accepted;
	assert.equal(client.reconnects, 0);
});

test('a message that is too large is rejected, and later ones are not', async () => {
	const client = await opened();
	const refused = client.send({ type: 'vote', payload: { option: 1, reason: 'x'.repeat(9000) } });
	const accepted = client.send({ type: 'vote', payload: { option: 2 } });
	await assert.rejects(refused, { code: 'message_too_big', closeCode: 1009, final: true });
	await accepted;
	assert.equal(client.reconnects, 1);
});

test('messages that cannot be stored now are stored later, in order', async () => {
	const client = await opened();
	const text = await startReply(client, 1, 2);
	const messages = [];
	await until(() => {
		if (!client.pending && messages.length < 50) {
			messages.push(client.say(`${messages.length}`)); // one more than may wait, until the server rejects one
		}
		return client.seen.error.some(({ code }) => code === 'unavailable');
	}, 'a refusal');
	messages.push(client.say('last'));
	await control('open');
	await Promise.all(messages);
	await until(() => client.seen.event.filter(({ type }) => type === 'assistant_message').length === messages.length + 1);
	assert.deepEqual(client.seen.event.filter(({ type }) => type === 'user_message').map(({ payload }) => payload.content),
		['Talk to me', ...messages.slice(1).map((_, i) => `${i}`), 'last']);
	assert.ok(client.seen.reply.every((reply) => reply.text === text));
	await assertHasTheLog(client);
});

test('messages beyond the rate limit of the server are all stored, in order', async () => {
	const client = await opened({ maxOutbox: 200 });
	const all = Array.from({ length: 130 }, (_, option) => client.send({ type: 'vote', payload: { option } }));
	await Promise.all(all);
	assert.equal(client.reconnects, 0, 'the server did not close the connection');
	assert.equal(await control('votes', { session: client.sessionId }), 130);
	await until(() => client.lastEventId === 130);
	assert.deepEqual(client.seen.event.map(({ payload }) => payload.option), all.map((_, i) => i));
});

test('a client detects a network that drops everything, and reconnects', async () => {
	const client = await opened();
	await control('stall');
	await until(() => client.seen.error.some(({ code }) => code === 'silent'), 'the client to detect it');
	await control('publish', { session: client.sessionId, type: 'tick', payload: {} });
	await control('resume');
	await until(() => client.lastEventId === 1);
	assert.ok(client.reconnects >= 1);
});

test('an idle connection stays open', async () => {
	const client = await opened();
	await until(() => client.seen.message.filter(({ type }) => type === 'pong').length >= 4);
	assert.equal(client.reconnects, 0);
});

test('a client waits for as long as a restarting server requests, and continues', async () => {
	const client = await opened();
	await control('publish', { session: client.sessionId, type: 'tick', payload: {} });
	await until(() => client.lastEventId === 1);
	await control('restart');
	await until(() => client.status === 'open' && client.reconnects === 1);
	const restarting = client.seen.message.find(({ type }) => type === 'server_restarting');
	const [waiting] = waits(client);
	assert.deepEqual([waiting.delay, waiting.code], [restarting.reconnect_after_ms, 1012]);
	await control('publish', { session: client.sessionId, type: 'tick', payload: {} });
	await until(() => client.lastEventId === 2);
	await assertHasTheLog(client);
});

test('a takeover restarts a reply, which keeps its object', async () => {
	const client = await opened();
	const text = await startReply(client);
	const reply = firstReply(client);
	const first = reply.id;
	const resets = [];
	reply.addEventListener('reset', () => resets.push(reply.id));
	await control('moveToAnotherNode');
	await until(() => reply.attempt === 2);
	await control('open');
	assert.equal(await reply.finished, text);
	assert.equal(reply.text, text);
	assert.notEqual(reply.id, first);
	assert.deepEqual(resets, [reply.id]);
	assert.equal(client.seen.reply.length, 1);
	await until(() => client.seen.event.at(-1).type === 'assistant_message');
	await assertHasTheLog(client);
});

test('a page that is loaded after a reply was restarted has the new text', async () => {
	const storage = new TestStorage();
	const before = await opened({ storage });
	const text = await startReply(before);
	before.close();
	await control('moveToAnotherNode');
	const after = await opened({ storage, user: before.user });
	await until(() => after.replies.size && firstReply(after).attempt === 2);
	await control('open');
	assert.equal(await after.seen.reply[0].finished, text);
	assert.equal(after.seen.reply[0].text, text);
});

test('a reply is cancelled, also if the connection breaks at that moment', async () => {
	const client = await opened();
	const text = await startReply(client);
	const reply = firstReply(client);
	await control('refuse');
	await control('cut');
	reply.cancel();
	await control('accept');
	const received = await reply.finished;
	assert.equal(reply.finishReason, 'cancelled');
	assert.ok(text.startsWith(received) && received.includes('piece 2') && received.length < text.length);
});

test('all replies of a session are cancelled, including waiting ones', async () => {
	const client = await opened();
	await startReply(client);
	await client.say('And another');
	client.cancel();
	await until(() => client.seen.event.filter(({ type, payload }) => type === 'assistant_message'
		&& payload.finish_reason === 'cancelled').length === 2);
	assert.deepEqual(client.seen.reply.map(({ finishReason }) => finishReason), ['cancelled', 'cancelled']);
	await assertHasTheLog(client);
});

test('a cancel does not affect later messages, with or without a connection', async () => {
	const client = await opened();
	const text = await startReply(client);
	const [first] = client.seen.reply;
	client.cancel();
	const next = client.say('Talk to me');
	assert.notEqual(await first.finished, text);
	await control('open');
	await next;
	await until(() => client.seen.reply.length === 2);
	assert.equal(await client.seen.reply[1].finished, text);
	assert.deepEqual(client.seen.reply.map(({ finishReason }) => finishReason), ['cancelled', 'stop']);

	await startReply(client);
	await control('refuse');
	await control('cut');
	client.cancel();
	client.say('Talk to me');
	await control('accept');
	await until(() => client.seen.reply[2].status === 'done');
	await control('open');
	await until(() => client.seen.reply.length === 4 && client.seen.reply[3].status === 'done');
	assert.deepEqual(client.seen.reply.slice(2).map(({ finishReason }) => finishReason), ['cancelled', 'stop']);
});

test('a failed reply has an error code', async () => {
	const client = await opened();
	await control('answer', { pieces: pieces(10), breakAfter: 3 });
	await client.say('Talk to me');
	await until(() => client.seen.reply.length);
	await assert.rejects(client.seen.reply[0].finished, { code: 'provider_error' });
	assert.equal(client.seen.reply[0].status, 'failed');
});

test('an expired token is replaced at once', async () => {
	const asked = [];
	const user = randomUUID();
	const client = await opened({
		user,
		getToken: (attempt) => {
			asked.push(attempt.refused);
			return control('token', { user, seconds: asked.length === 1 ? 2 : 3600 });
		},
	});
	await until(() => client.status === 'open' && client.reconnects === 1);
	assert.deepEqual(asked, [false, true]);
	assert.equal(waits(client)[0].code, 4401);
	assert.equal(waits(client)[0].delay, 0);
	assert.equal(client.seen.open[1].resumed, true);
});

test('a client retries after the server refuses a token', async () => {
	const user = randomUUID();
	let attempts = 0;
	const client = await opened({ user, getToken: () => ++attempts < 4 ? 'invalid' : control('token', { user }) });
	assert.equal(attempts, 4);
	assert.equal(client.reconnects, 0);
	assert.deepEqual(waits(client).map(({ reason }) => reason), TRANSPORT === 'websocket'
		? ['connection_lost', 'connection_lost', 'sign_in_refused'] : ['unauthorized', 'sign_in_refused', 'sign_in_refused']);
});

test('a token may be sent in the query', async () => {
	await opened({ tokenIn: 'query' });
});

test('a token may be sent in the first message, also when the client resumes', async () => {
	const client = await opened({ tokenIn: 'message' });
	await client.send({ type: 'vote', payload: { option: 1 } });
	await until(() => client.lastEventId === 1);
	client.reconnect({ force: true });
	await until(() => client.status === 'open' && client.reconnects === 1);
	await client.send({ type: 'vote', payload: { option: 2 } });
	await until(() => client.lastEventId === 2);
	assert.deepEqual(client.ids(), [1, 2]);
	assert.equal(client.seen.open[1].resumed, true);
});

test('a client retries after the server refuses the token of the first message', async () => {
	const user = randomUUID();
	let attempts = 0;
	const client = await opened({ user, tokenIn: 'message', getToken: () => ++attempts < 4 ? 'no-token' : control('token', { user }) });
	assert.equal(attempts, 4);
	assert.equal(client.reconnects, 0);
	assert.deepEqual(waits(client).map(({ code, reason }) => [code, reason]),
		[[4401, 'unauthorized'], [4401, 'sign_in_refused'], [4401, 'sign_in_refused']]);
});

test('a session that does not exist is gone, and replaced by a new one', async () => {
	const sessionId = randomUUID();
	const client = await opened({ sessionId, lastEventId: 7 });
	assert.deepEqual(client.seen.gone, [{ reason: 'unknown_session', previousSessionId: sessionId, sessionId: client.sessionId }]);
	await client.send({ type: 'vote', payload: { option: 1 } });
	await until(() => client.lastEventId === 1);
});

test('a session starts over if the cursor is beyond the log', async () => {
	const before = await opened();
	await before.send({ type: 'vote', payload: { option: 1 } });
	const client = await opened({ user: before.user, sessionId: before.sessionId, lastEventId: 99 });
	assert.equal(client.seen.gone[0].reason, 'ahead_of_log');
	assert.deepEqual(client.ids(), [1]);
});

test('the session of another user is gone', async () => {
	const before = await opened();
	const client = await opened({ sessionId: before.sessionId });
	assert.equal(client.seen.gone[0].reason, 'unknown_session');
	assert.notEqual(client.sessionId, before.sessionId);
});

test('other clients of the session receive typing events, which are not stored', async () => {
	const phone = await opened();
	const typed = [];
	phone.addEventListener('typing', ({ detail }) => typed.push(detail));
	const laptop = await opened({ user: phone.user, sessionId: phone.sessionId, storage: 'memory' });
	const type = () => laptop.sendEphemeral('typing', { on: true });
	type();
	// between two polls there is no connection, and what is sent then is lost
	const again = TRANSPORT === 'longpoll' ? setInterval(type, 200) : undefined;
	await until(() => typed.length, 'the typing').finally(() => clearInterval(again));
	assert.deepEqual(typed[0], { type: 'typing', ephemeral: true, payload: { on: true } });
	const { event } = await log(phone);
	assert.deepEqual(event, []);
	assert.equal(phone.lastEventId, 0);
});

test('a client that requests presence receives the connections of its session', async () => {
	const phone = await opened({ presence: true });
	const presence = [];
	phone.addEventListener('presence', ({ detail }) => presence.push(detail));
	const laptop = await opened({ user: phone.user, sessionId: phone.sessionId, storage: 'memory' });
	if (TRANSPORT === 'longpoll') {
		await holds(() => presence.length === 0); // polls come and go
		return;
	}
	const [{ connectionId }] = laptop.seen.open;
	const names = (change) => presence.some((detail) => detail[change].some((member) => member.connection_id === connectionId));
	await until(() => names('joined'), 'the other connection');
	laptop.close();
	await until(() => names('left'), 'its end');
});

test('a session that the application closes is closed', async () => {
	const client = await opened();
	await control('close', { session: client.sessionId });
	await until(() => client.status === 'closed' || client.seen.gone.length);
	if (client.seen.gone.length) {
		assert.equal(TRANSPORT, 'longpoll', 'only a client that polls may have been disconnected');
		return;
	}
	assert.equal(client.seen.status.at(-1).code, 1000);
	await holds(() => client.status === 'closed');
});

test('many tabs share a session, and the oldest one beyond the limit stays closed', async () => {
	const text = await control('answer', { pieces: ['for ', 'all'] });
	const first = await opened();
	const same = { user: first.user, sessionId: first.sessionId, lastEventId: 0 };
	const others = [await opened(same), await opened(same)];
	await others[0].say('Who is there?');
	for (const client of [first, ...others]) {
		await until(() => client.seen.event.at(-1)?.type === 'assistant_message');
		assert.equal(client.seen.reply[0].text, text);
	}
	await assertHasTheLog(others[0]);
	await until(() => first.status === 'closed');
	assert.equal(first.seen.status.at(-1).code, 4409);
	assert.equal(first.seen.error.at(-1).final, true);
	await assertHasTheLog(others[0], others[1]);
});
