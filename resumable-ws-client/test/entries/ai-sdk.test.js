// Tests of the transport with the AI SDK, against a scripted server.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { mount, unmountAll } from './dom.js';
import { Chat, useChat } from '@ai-sdk/react';
import { StrictMode, createElement as h, useEffect, useState } from 'react';
import { ResumableChatTransport } from 'resumable-ws-client/ai-sdk';
import { FakeServer } from '../fake-server.js';
import { TestStorage, delta, event, holds, started, until, whole } from '../support.js';

const KEY = '00000000-0000-4000-8000-000000000001';
const userMessage = (id, content, idempotency_key = KEY) => event(id, 'user_message', { content, idempotency_key });
const failed = (id, message_id, code) => event(id, 'assistant_failed', { message_id, code, message: `it is ${code}` });
const textOf = ({ parts }) => parts.filter(({ type }) => type === 'text').map(({ text }) => text).join('|');
const texts = (messages) => messages.map(textOf);

let server;
let storage;
let transports;

function transport(options = {}) {
	const made = new ResumableChatTransport({ url: server.url, storage, minDelay: 5, maxDelay: 40, ...options });
	transports.push(made);
	return made;
}

/** Returns a chat without a page. */
async function chatOf(using, { id = 'chat', ...init } = {}) {
	const finished = [];
	const chat = new Chat({ id, transport: using, onFinish: (finish) => finished.push(finish), ...init });
	return Object.assign(chat, { finished });
}

/** Returns a chat whose first message is stored. */
async function chatWithMessage(text = 'Who was Ada?', options) {
	const chat = await chatOf(transport(), options);
	const sent = chat.sendMessage({ text });
	const connection = await server.connection();
	connection.resume();
	const message = await connection.message();
	connection.ack(message, 1);
	connection.send(userMessage(1, text, message.idempotency_key));
	return { chat, sent, connection, message };
}

beforeEach(async () => {
	server = await FakeServer.start();
	storage = new TestStorage();
	transports = [];
});

afterEach(() => {
	unmountAll();
	transports.forEach((made) => made.close());
	server.stop();
});

test('a message is sent once and its reply is streamed', async () => {
	const { chat, sent, connection, message } = await chatWithMessage();
	assert.deepEqual([message.type, message.content], ['user_message', 'Who was Ada?']);
	assert.equal(chat.status, 'submitted');
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada');
	connection.send(delta(4, 'a', 3, ' was a'), whole(5, 'a', 'Ada was a mathematician', { usage: { total_tokens: 9 } }));
	await sent;
	assert.equal(chat.status, 'ready');
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada was a mathematician']);
	const { id, metadata } = chat.lastMessage;
	assert.equal(id, 'a');
	const { status, attempt, inReplyTo, finishReason, usage } = metadata;
	assert.deepEqual({ status, attempt, inReplyTo, finishReason, usage },
		{ status: 'done', attempt: 1, inReplyTo: 1, finishReason: 'stop', usage: { total_tokens: 9 } });
	assert.deepEqual([chat.finished.length, chat.finished[0].finishReason, chat.finished[0].isAbort], [1, 'stop', false]);
	assert.equal(connection.messages.length, 1);
});

test('a message whose id is a UUID is sent with the id as its key', async () => {
	const { message } = await chatWithMessage('Hi', { generateId: () => KEY });
	assert.equal(message.idempotency_key, KEY);
});

test('a message is sent with a valid key, also on an insecure origin', async () => {
	const { randomUUID } = crypto;
	crypto.randomUUID = undefined;
	try {
		const { message } = await chatWithMessage();
		assert.match(message.idempotency_key, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
	}
	finally {
		crypto.randomUUID = randomUUID;
	}
});

test('sessionOf is called again after it has failed', async () => {
	let away = true;
	const using = transport({
		sessionOf: async () => {
			if (away) {
				throw new Error('The server is away');
			}
			return KEY;
		},
	});
	await assert.rejects(using.messages('chat'), /away/);
	away = false;
	const messages = using.messages('chat');
	const connection = await server.connection();
	assert.equal(connection.query.get('sessionId'), KEY);
	connection.resume([userMessage(1, 'Hi')]);
	assert.deepEqual(texts(await messages), ['Hi']);
});

test('a connection that breaks during a reply does not affect the chat', async () => {
	const { chat, sent, connection, message } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming');
	connection.cut();
	const next = await server.connection();
	next.resume([whole(5, 'a', 'Ada was a mathematician')]);
	await sent;
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada was a mathematician']);
	assert.equal(chat.error, undefined);
	assert.equal(message.content, 'Who was Ada?');
});

test('a message that is rejected is an error with its code', async () => {
	const chat = await chatOf(transport());
	const sent = chat.sendMessage({ text: 'Too much' });
	const connection = await server.connection();
	connection.resume();
	connection.refuse(await connection.message(), 'quota_exceeded');
	await sent;
	assert.deepEqual([chat.status, chat.error.code], ['error', 'quota_exceeded']);
});

test('a reply that fails is an error, and keeps its text', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'), failed(4, 'a', 'provider_error'));
	await sent;
	assert.equal(chat.status, 'error');
	assert.match(chat.error.message, /provider_error: it is provider_error/);
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada']);
	assert.deepEqual([chat.lastMessage.metadata.status, chat.lastMessage.metadata.error], ['failed', 'provider_error']);
});

test('operations that a log does not support are rejected, and nothing is sent', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.send(started(2, 'a'), whole(3, 'a', 'Ada'));
	await sent;
	await chat.regenerate();
	assert.equal(chat.error.code, 'unsupported');
	assert.match(chat.error.message, /regenerate-message/);
	await chat.sendMessage({ text: 'Who was Bob?', messageId: chat.messages[0].id });
	assert.equal(chat.error.code, 'unsupported');
	await chat.sendMessage({ text: 'Look', files: [{ type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,' }] });
	assert.equal(chat.error.code, 'unsupported');
	assert.match(chat.error.message, /'file'/);
	await holds(() => connection.messages.length === 1);
});

test('after a reload the messages are those of the log, and a running reply continues', async () => {
	const { chat: before, connection, message } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => before.status === 'streaming' && textOf(before.lastMessage) === 'Ada');
	transports[0].close();
	await connection.end();

	const after = transport();
	const loading = after.messages('chat');
	const next = await server.connection();
	next.resume([userMessage(1, 'Who was Ada?', message.idempotency_key), started(2, 'a'), delta(4, 'a', 0, 'Ada was')], { last_event_id: 4 });
	const messages = await loading;
	assert.deepEqual(messages.map(({ id, role, parts }) => [id, role, parts[0].text]), [[message.idempotency_key, 'user', 'Who was Ada?']]);
	const chat = await chatOf(after, { messages });
	const resumed = chat.resumeStream();
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada was');
	next.send(whole(5, 'a', 'Ada was a mathematician'));
	await resumed;
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada was a mathematician']);
	assert.equal(server.attempts, 2);
});

test('after a reload the chat waits for the reply to a message, even before the message is stored', async () => {
	const before = await chatOf(transport());
	before.sendMessage({ text: 'Who was Ada?' });
	const first = await server.connection();
	first.resume();
	const message = await first.message();
	await until(() => storage.length);
	transports[0].close();
	await first.end();

	const after = transport();
	const loading = after.messages('chat');
	const next = await server.connection();
	next.resume();
	const messages = await loading;
	assert.deepEqual(texts(messages), ['Who was Ada?']);
	const chat = await chatOf(after, { messages });
	const resumed = chat.resumeStream();
	assert.equal((await next.message()).idempotency_key, message.idempotency_key);
	next.ack(message, 1);
	next.send(userMessage(1, 'Who was Ada?', message.idempotency_key), started(2, 'a'), whole(3, 'a', 'Ada'));
	await resumed;
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada']);
});

test('nothing is resumed if no reply runs', async () => {
	const using = transport();
	const resumed = using.reconnectToStream({ chatId: 'chat' });
	(await server.connection()).resume([userMessage(1, 'Who?'), started(2, 'a'), whole(3, 'a', 'Ada')]);
	assert.equal(await resumed, null);
	assert.deepEqual(texts(await using.messages('chat')), ['Who?', 'Ada']);
});

test('a chat keeps its session after a reload, other chats have other sessions, and the application may choose the session', async () => {
	const first = transport().messages('one');
	const session = (await server.connection()).resume();
	await first;
	transports[0].close();
	const sessions = [];
	const using = transport({ onSession: (chat) => sessions.push(chat) });
	const again = using.messages('one');
	const second = await server.connection();
	assert.equal(second.query.get('sessionId'), session);
	second.resume();
	await again;
	assert.deepEqual(sessions, [{ chatId: 'one', sessionId: session }]);
	const other = using.messages('two');
	const third = await server.connection();
	assert.equal(third.query.get('sessionId'), null);
	third.resume();
	await other;
	await second.end(); // an ended chat needs no connection
	const mine = transport({ sessionOf: async (chatId) => chatId === 'three' ? session : undefined }).messages('three');
	const fourth = await server.connection();
	assert.equal(fourth.query.get('sessionId'), session);
	fourth.resume();
	await mine;
});

test('stop cancels the reply on the server, and keeps its text', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada');
	await chat.stop();
	await sent;
	assert.deepEqual([chat.status, chat.error], ['ready', undefined]);
	assert.equal((await connection.message(2)).message_id, 'a');
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada']);
	assert.equal(chat.finished[0].isAbort, true);
});

test('stop before a reply has started cancels it when it starts, and not the next one', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	await chat.stop();
	await sent;
	connection.send(started(2, 'a'));
	assert.deepEqual(await connection.message(2), { type: 'cancel', message_id: 'a' });
	connection.send(whole(3, 'a', '', { finish_reason: 'cancelled' }));
	const next = chat.sendMessage({ text: 'Who was Bob?' });
	const message = await connection.message(3);
	connection.ack(message, 4);
	connection.send(userMessage(4, 'Who was Bob?', message.idempotency_key), started(5, 'b', { in_reply_to: 4 }), whole(6, 'b', 'Bob'));
	await next;
	assert.equal(textOf(chat.lastMessage), 'Bob');
	assert.equal(connection.messages.length, 3);
});

test('a chat that follows the log has the whole text of a reply that was stopped', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	transports[0].follow('chat', { setMessages: (messages) => chat.messages = messages, resumeStream: chat.resumeStream });
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada');
	await chat.stop();
	await sent;
	await connection.message(2);
	connection.send(whole(4, 'a', 'Ada was', { finish_reason: 'cancelled' }));
	await until(() => textOf(chat.lastMessage) === 'Ada was');
	assert.equal(chat.lastMessage.metadata.finishReason, 'cancelled');
	assert.equal(chat.status, 'ready');
});

test('a resumed reply can be stopped, and resuming again does not stop it', async () => {
	const using = transport();
	const chat = await chatOf(using);
	const first = chat.resumeStream();
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Who?'), started(2, 'a'), delta(3, 'a', 0, 'Ada')]);
	await until(() => chat.status === 'streaming');
	const second = chat.resumeStream();
	await first;
	await until(() => chat.status === 'streaming');
	await holds(() => connection.messages.length === 0);
	await chat.stop();
	await second;
	assert.equal((await connection.message()).message_id, 'a');
	assert.deepEqual(texts(chat.messages), ['Ada']);
});

test('a reply that another node restarts with the same text is not duplicated', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada was'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada was');
	connection.send(started(4, 'b', { supersedes: 'a' }), delta(5, 'b', 0, 'Ada'));
	await until(() => chat.lastMessage.metadata.attempt === 2);
	assert.equal(textOf(chat.lastMessage), 'Ada was');
	connection.send(delta(6, 'b', 3, ' was a'), whole(7, 'b', 'Ada was a mathematician'));
	await sent;
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada was a mathematician']);
	assert.equal(chat.lastMessage.id, 'a');
});

test('a reply that another node restarts with another text is replaced in a chat that follows the log', async () => {
	const { chat, connection } = await chatWithMessage();
	transports[0].follow('chat', { setMessages: (messages) => chat.messages = messages, resumeStream: chat.resumeStream });
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada was'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada was');
	const doubled = [];
	chat['~registerMessagesCallback'](() => doubled.push(...texts(chat.messages).filter((text) => /was.*wrote/.test(text))));
	connection.send(started(4, 'b', { supersedes: 'a' }), delta(5, 'b', 0, 'Ada wrote'));
	await until(() => textOf(chat.lastMessage) === 'Ada wrote', 'the new text');
	connection.send(whole(6, 'b', 'Ada wrote programs'));
	await until(() => chat.status === 'ready');
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada wrote programs']);
	assert.deepEqual(doubled, []);
	assert.equal(chat.error, undefined);
});

test('a reply that another node restarts with another text is an error in a chat that does not follow the log, and never duplicated', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada was'));
	await until(() => chat.status === 'streaming' && textOf(chat.lastMessage) === 'Ada was');
	connection.send(started(4, 'b', { supersedes: 'a' }), delta(5, 'b', 0, 'Ada wrote'));
	await sent;
	assert.match(chat.error.message, /restarted/);
	assert.deepEqual(texts(chat.messages), ['Who was Ada?', 'Ada was']);
});

test('a chat that follows the log shows the messages of other tabs and the replies to them', async () => {
	const using = transport();
	const chat = await chatOf(using);
	using.follow('chat', { setMessages: (messages) => chat.messages = messages, resumeStream: chat.resumeStream });
	const connection = await server.connection();
	connection.resume();
	connection.send(userMessage(1, 'From there'), started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming' && texts(chat.messages).join() === 'From there,Ada');
	connection.send(whole(4, 'a', 'Ada was'));
	await until(() => chat.status === 'ready');
	assert.deepEqual(texts(chat.messages), ['From there', 'Ada was']);
});

test('a new session replaces a session that is gone in a chat that follows the log', async () => {
	const { chat, connection } = await chatWithMessage();
	transports[0].follow('chat', { setMessages: (messages) => chat.messages = messages, resumeStream: chat.resumeStream });
	connection.send(started(2, 'a'), delta(3, 'a', 0, 'Ada'));
	await until(() => chat.status === 'streaming');
	connection.cut();
	const next = await server.connection();
	next.resume([], { resumed: false, reason: 'unknown_session', session_id: '00000000-0000-4000-8000-00000000000c' });
	await until(() => chat.status === 'ready' && !chat.messages.length);
	assert.equal(chat.error, undefined);
});

test('a closed session is an error, and the next message opens a new one; closing the transport is no error', async () => {
	const { chat, sent, connection } = await chatWithMessage();
	connection.close(1000, 'session_closed');
	await sent;
	assert.deepEqual([chat.status, chat.error.code], ['error', 'closed']);
	const again = chat.sendMessage({ text: 'Again' });
	const next = await server.connection();
	next.resume([], { resumed: false, reason: 'unknown_session', session_id: '00000000-0000-4000-8000-00000000000c' });
	const message = await next.message();
	next.ack(message, 1);
	next.send(userMessage(1, 'Again', message.idempotency_key), started(2, 'b'), whole(3, 'b', 'Here'));
	await again;
	assert.equal(textOf(chat.lastMessage), 'Here');
	const other = await chatWithMessage('And?', { id: 'other' }).catch((error) => error);
	transports.at(-1).close();
	await other.sent;
	assert.deepEqual([other.chat.status, other.chat.error], ['ready', undefined]);
});

test('useChat resumes a reply in StrictMode on one connection, and does not stop it', async () => {
	const using = transport();
	let seen;
	const Loaded = ({ messages }) => {
		const chat = seen = useChat({ id: 'chat', messages, transport: using, resume: true });
		const { setMessages, resumeStream } = chat;
		useEffect(() => using.follow('chat', { setMessages, resumeStream }), [setMessages, resumeStream]);
		return h('ol', null, chat.messages.map((message) => h('li', { key: message.id }, textOf(message))));
	};
	const Page = () => {
		const [messages, setMessages] = useState();
		useEffect(() => {
			const left = new AbortController();
			using.messages('chat', { signal: left.signal }).then(setMessages, () => {});
			return () => left.abort();
		}, []);
		return messages && h(Loaded, { messages });
	};
	const view = mount(h(StrictMode, null, h(Page)));
	const connection = await server.connection();
	connection.resume([userMessage(1, 'Who?'), started(2, 'a'), delta(3, 'a', 0, 'Ada')]);
	await until(() => view.texts().join() === 'Who?,Ada');
	await holds(() => server.attempts === 1 && connection.messages.length === 0);
	connection.send(delta(4, 'a', 3, ' was'), whole(5, 'a', 'Ada was here'));
	await until(() => seen.status === 'ready' && view.texts().join() === 'Who?,Ada was here');
	seen.sendMessage({ text: 'And?' });
	const message = await connection.message();
	connection.ack(message, 6);
	connection.send(userMessage(6, 'And?', message.idempotency_key), started(7, 'b', { in_reply_to: 6 }), whole(8, 'b', 'Nothing'));
	await until(() => seen.status === 'ready' && view.texts().join() === 'Who?,Ada was here,And?,Nothing');
	await holds(() => view.texts().length === 4 && seen.status === 'ready');
});
