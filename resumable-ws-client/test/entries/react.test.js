// Tests of the hooks with React, against a scripted server.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { mount, unmountAll } from './dom.js';
import { Activity, StrictMode, createElement as h, memo } from 'react';
import { renderToString } from 'react-dom/server';
import {
	ResumableWebSocketProvider, useConnection, useConversation, useReply, useResumableWebSocket, useSocketEvent,
} from 'resumable-ws-client/react';
import { FakeServer } from '../fake-server.js';
import { TestStorage, delta, event, holds, started, until, whole } from '../support.js';

let server;
let page; // the latest values of the hooks

const Status = () => {
	page.connection = useConnection();
	page.statusRenders++;
	return h('output', null, page.connection.status);
};

const Message = memo(({ message }) => {
	page.messageRenders[message.text] = (page.messageRenders[message.text] ?? 0) + 1;
	return h('li', { className: `${message.role} ${message.status}` }, message.text);
});

const Messages = () => {
	page.conversation = useConversation();
	page.renders++;
	return h('ol', null, page.conversation.messages.map((message) => h(Message, { key: message.id, message })));
};

const Socket = () => {
	page.socket = useResumableWebSocket();
	return null;
};

const chat = (props = {}, ...more) => h(StrictMode, null, h(ResumableWebSocketProvider,
	{ url: server.url, storage: page.storage, minDelay: 5, maxDelay: 40, ...props }, h(Status), h(Messages), h(Socket), ...more));

const userMessage = (id, content, key = `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`) =>
	event(id, 'user_message', { content, idempotency_key: key });
const shows = (view, ...texts) => until(() => JSON.stringify(view.texts()) === JSON.stringify(texts), `${texts} to be shown, not ${view.texts()}`);
const open = (view) => until(() => view.texts('output')[0] === 'open', 'the connection');

beforeEach(async () => {
	server = await FakeServer.start();
	page = { storage: new TestStorage(), renders: 0, statusRenders: 0, messageRenders: {} };
});

afterEach(() => {
	unmountAll();
	server.stop();
});

test('a component that is mounted twice, as in StrictMode, has one connection, and none after it is unmounted', async () => {
	const view = mount(chat());
	const connection = await server.connection();
	connection.resume();
	await open(view);
	await holds(() => server.attempts === 1 && server.open === 1);
	view.leave();
	await connection.end();
	await holds(() => server.attempts === 1 && server.open === 0);
});

test('a page shows messages and replies in the order of the log', async () => {
	const view = mount(chat());
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Hi'), started(2, 'a'), whole(5, 'a', 'Hello')]);
	await shows(view, 'Hi', 'Hello');
	connection.send(userMessage(6, 'And?'), started(7, 'b', { in_reply_to: 6 }), delta(8, 'b', 0, 'So'));
	await shows(view, 'Hi', 'Hello', 'And?', 'So');
	assert.equal(page.conversation.running, true);
	connection.send(delta(9, 'b', 2, ' what'), whole(10, 'b', 'So what', { finish_reason: 'length', usage: { total_tokens: 3 } }));
	await shows(view, 'Hi', 'Hello', 'And?', 'So what');
	await until(() => !page.conversation.running);
	const { id, status, inReplyTo, finishReason, usage } = page.conversation.messages.at(-1);
	assert.deepEqual({ id, status, inReplyTo, finishReason, usage },
		{ id: 'b', status: 'done', inReplyTo: 6, finishReason: 'length', usage: { total_tokens: 3 } });
});

test('a reply that another node restarts is shown with its new text only, in the same place', async () => {
	const view = mount(chat());
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Hi')]);
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada was'));
	await shows(view, 'Hi', 'Ada was');
	const node = view.querySelector('li.assistant');
	connection.send(started(4, 'b', { supersedes: 'a' }), delta(5, 'b', 0, 'Ada wrote'));
	await shows(view, 'Hi', 'Ada wrote');
	assert.equal(view.querySelector('li.assistant'), node);
	assert.equal(page.conversation.messages[1].attempt, 2);
});

test('a page renders at most once per frame, and only the message that changes', async () => {
	const frames = [];
	const { requestAnimationFrame } = globalThis;
	globalThis.requestAnimationFrame = (frame) => frames.push(frame);
	try {
		const view = mount(chat());
		const connection = await server.connection();
		connection.resume([userMessage(1, 'Hi'), started(2, 'a')]);
		await shows(view, 'Hi', '');
		await until(() => page.connection.status === 'open');
		const { renders, statusRenders } = page;
		const hi = page.messageRenders.Hi;
		const begin = performance.now();
		for (let i = 0; i < 50; i++) {
			connection.send(delta(3 + i, 'a', i, '.'));
			await until(() => [...page.socket.replies.values()][0]?.text.length === i + 1, `piece ${i}`);
		}
		// a hidden page has no frames, and is rendered four times a second
		const most = 1 + (performance.now() - begin) / 250;
		assert.ok(page.renders - renders <= 2 * most, `${page.renders - renders} renders in StrictMode`);
		frames.splice(0).forEach((frame) => frame());
		await shows(view, 'Hi', '.'.repeat(50));
		assert.equal(page.messageRenders.Hi, hi);
		assert.equal(page.statusRenders, statusRenders);
	}
	finally {
		globalThis.requestAnimationFrame = requestAnimationFrame;
	}
});

test('a pending message is shown at once, and not duplicated when it is stored', async () => {
	const view = mount(chat());
	const first = await server.connection();
	first.resume();
	await open(view);
	first.cut();
	const sent = page.conversation.send('Are you there?');
	await until(() => view.texts('li.user.pending')[0] === 'Are you there?');
	await until(() => page.connection.pending === 1 && page.connection.outbox[0].message.content === 'Are you there?');
	const node = view.querySelector('li');
	const second = await server.connection();
	second.resume();
	const message = await second.message();
	second.ack(message, 1);
	assert.equal((await sent).eventId, 1);
	await until(() => page.connection.pending === 0);
	assert.deepEqual(view.texts(), ['Are you there?'], 'also before the event arrives');
	second.send(userMessage(1, 'Are you there?', message.idempotency_key));
	await until(() => page.conversation.messages[0].createdAt === '2026-01-31T12:00:00Z');
	await until(() => view.texts('li.user.sent').length === 1);
	assert.equal(view.querySelector('li'), node);
	assert.deepEqual(view.texts(), ['Are you there?']);
});

test('a pending message can be withdrawn', async () => {
	const view = mount(chat());
	await server.connection();
	page.conversation.send('Wait').catch(() => {});
	await shows(view, 'Wait');
	page.conversation.withdraw(page.conversation.messages[0].id);
	await shows(view);
	assert.equal(page.connection.pending, 0);
});

test('a rejected message is shown as rejected until it is removed', async () => {
	const view = mount(chat());
	const connection = await server.connection();
	connection.resume();
	page.conversation.send('Too much').catch(() => {});
	connection.refuse(await connection.message(), 'quota_exceeded');
	await until(() => view.texts('li.user.failed').length === 1);
	assert.equal(page.conversation.messages[0].error.code, 'quota_exceeded');
	page.conversation.withdraw(page.conversation.messages[0].id);
	await shows(view);
});

test('a message of the previous page that is rejected now is shown as rejected', async () => {
	const before = mount(chat());
	(await server.connection()).resume();
	await open(before);
	before.leave();
	const first = mount(chat());
	page.conversation.send('Too much').catch(() => {});
	await shows(first, 'Too much');
	first.leave();
	const view = mount(chat());
	await shows(view, 'Too much');
	let connection;
	do {
		connection = await server.connection();
		connection.resume();
		await until(() => connection.ended || connection.messages.length);
	}
	while (connection.ended);
	connection.refuse(connection.messages[0], 'quota_exceeded');
	await until(() => view.texts('li.user.failed').length === 1);
});

test('stop cancels the running reply', async () => {
	const view = mount(chat());
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Hi'), started(2, 'a'), delta(3, 'a', 0, 'Ada')]);
	await shows(view, 'Hi', 'Ada');
	await open(view);
	page.conversation.stop();
	await until(() => connection.messages.some(({ type, message_id }) => type === 'cancel' && message_id === 'a'), 'the cancel');
	assert.equal(page.conversation.messages[1].cancelling, true);
	connection.send(whole(4, 'a', 'Ada', { finish_reason: 'cancelled' }));
	await until(() => page.conversation.messages[1].finishReason === 'cancelled');
	assert.equal(page.conversation.messages[1].cancelling, false);
});

test('a component for one reply renders only when that reply changes', async () => {
	const renders = { a: 0, b: 0 };
	const One = ({ id }) => {
		const reply = useReply(id);
		renders[id]++;
		return h('p', { id }, reply?.text);
	};
	const Newest = () => h('p', { id: 'newest' }, useReply()?.text);
	const view = mount(chat({}, h(One, { id: 'a' }), h(One, { id: 'b' }), h(Newest)));
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Hi'), started(2, 'a'), whole(3, 'a', 'Ada'), userMessage(4, 'Who?'), started(5, 'b', { in_reply_to: 4 })]);
	await until(() => view.texts('#a')[0] === 'Ada');
	await until(() => page.connection.status === 'open');
	const before = renders.a;
	connection.send(delta(6, 'b', 0, 'Bob'));
	await until(() => view.texts('#b')[0] === 'Bob' && view.texts('#newest')[0] === 'Bob');
	assert.equal(renders.a, before);
});

test('a listener receives each event once, with the newest handler', async () => {
	const received = [];
	const Listener = ({ by }) => {
		useSocketEvent('tick', (detail) => received.push([by, detail.payload.n]));
		return null;
	};
	const view = mount(chat({}, h(Listener, { by: 'first' })));
	const connection = await server.connection();
	connection.resume([event(1, 'tick', { n: 1 })]);
	await until(() => received.length === 1);
	view.show(chat({}, h(Listener, { by: 'second' })));
	connection.send(event(2, 'tick', { n: 2 }));
	await until(() => received.length === 2);
	assert.deepEqual(received, [['first', 1], ['second', 2]]);
	assert.equal(server.attempts, 1);
});

test('a component that is mounted later shows the whole conversation', async () => {
	const Later = () => h('ul', null, useConversation().messages.map(({ id, text }) => h('li', { key: id }, text)));
	const view = mount(h(ResumableWebSocketProvider, { url: server.url, storage: page.storage }, h(Status)));
	(await server.connection()).resume([userMessage(1, 'Hi'), started(2, 'a'), whole(3, 'a', 'Hello')]);
	await open(view);
	view.show(h(ResumableWebSocketProvider, { url: server.url, storage: page.storage }, h(Status), h(Later)));
	await shows(view, 'Hi', 'Hello');
});

test('another session has another connection and its own messages', async () => {
	const a = '00000000-0000-4000-8000-00000000000a';
	const b = '00000000-0000-4000-8000-00000000000b';
	const view = mount(chat({ sessionId: a }));
	const first = await server.connection();
	first.resume([userMessage(1, 'in a')]);
	await shows(view, 'in a');
	view.show(chat({ sessionId: b }));
	await first.end();
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), b);
	second.resume([userMessage(1, 'in b')]);
	await shows(view, 'in b');
	await holds(() => server.attempts === 2 && server.open === 1);
});

test('passing the id of a new session as a property opens no other connection', async () => {
	const view = mount(chat());
	const session = (await server.connection()).resume([userMessage(1, 'Hi')]);
	await shows(view, 'Hi');
	view.show(chat({ sessionId: session }));
	await holds(() => server.attempts === 1 && server.open === 1);
	assert.deepEqual(view.texts(), ['Hi']);
});

test('a page that is hidden and shown again has all messages once', async () => {
	const inside = (mode) => h(Activity, { mode }, chat());
	const view = mount(inside('visible'));
	const first = await server.connection();
	first.resume([userMessage(1, 'Hi')]);
	await shows(view, 'Hi');
	view.show(inside('hidden'));
	await first.end();
	view.show(inside('visible'));
	const second = await server.connection();
	second.resume(second.query.get('lastEventId') === '1' ? [] : [userMessage(1, 'Hi')]);
	second.send(userMessage(2, 'again'));
	await shows(view, 'Hi', 'again');
});

test('a reload shows the conversation, unsent messages, and the whole text of the running reply', async () => {
	const view = mount(chat());
	const first = await server.connection();
	const session = first.resume([userMessage(1, 'Hi'), started(2, 'a'), delta(3, 'a', 0, 'Ada was')]);
	await shows(view, 'Hi', 'Ada was');
	first.cut();
	page.conversation.send('And then?').catch(() => {});
	await shows(view, 'Hi', 'Ada was', 'And then?');
	view.leave();
	const again = mount(chat());
	await shows(again, 'And then?');
	let second;
	do {
		second = await server.connection();
	}
	while (second.ended);
	assert.equal(second.query.get('sessionId'), session);
	second.resume([userMessage(1, 'Hi'), started(2, 'a'), delta(4, 'a', 0, 'Ada was a')], { last_event_id: 4 });
	await shows(again, 'Hi', 'Ada was a', 'And then?');
});

test('a session that is gone is replaced by the events of the new one', async () => {
	const view = mount(chat());
	const first = await server.connection();
	first.resume([userMessage(1, 'old')]);
	await shows(view, 'old');
	first.cut();
	const second = await server.connection();
	second.resume([], { resumed: false, reason: 'unknown_session', session_id: '00000000-0000-4000-8000-00000000000c' });
	second.send(userMessage(1, 'new'));
	await shows(view, 'new');
});

test('a page that is rendered on a server is not connected', async () => {
	const html = renderToString(chat());
	assert.match(html, /<output>idle<\/output><ol><\/ol>/);
	assert.equal(page.conversation.loading, true);
	await holds(() => server.attempts === 0);
});

test('a hook outside the provider fails with an error that names the provider', () => {
	assert.throws(() => renderToString(h(Status)), /<ResumableWebSocketProvider>/);
});

test('a page shows the back-off, and can connect at once', async () => {
	server.refuseWith = 503;
	const view = mount(chat({ minDelay: 60_000, maxDelay: 120_000 }));
	await until(() => view.texts('output')[0] === 'waiting' && page.connection.delay >= 60_000);
	server.refuseWith = 0;
	page.connection.reconnect();
	(await server.connection()).resume();
	await open(view);
	assert.equal(page.connection.delay, undefined);
});
