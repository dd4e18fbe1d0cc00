// Tests of the hooks and the transport against the starter.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { mount, unmountAll } from './dom.js';
import { Chat } from '@ai-sdk/react';
import { StrictMode, createElement as h } from 'react';
import { ResumableChatTransport } from 'resumable-ws-client/ai-sdk';
import { ResumableWebSocketProvider, useConnection, useConversation } from 'resumable-ws-client/react';
import { TestStorage, until } from '../support.js';
import { STARTER_URL, control, gatedAnswer, restore, pieces } from './starter.js';

const transports = [];

const options = (more) => {
	const user = randomUUID();
	return { url: STARTER_URL, getToken: () => control('token', { user }), connectTimeout: 1500, minDelay: 5, maxDelay: 100, storage: new TestStorage(), ...more };
};

function transport(more) {
	const made = new ResumableChatTransport(options(more));
	transports.push(made);
	return made;
}

const textOf = (message) => message?.parts.map(({ text }) => text).join('|');
const texts = (chat) => chat.messages.map(textOf);

function chatOf(using, messages = []) {
	const chat = new Chat({ id: 'chat', transport: using, messages });
	using.follow('chat', { setMessages: (next) => chat.messages = next, resumeStream: chat.resumeStream });
	return chat;
}

let page;
const View = () => {
	page = { ...useConversation(), connection: useConnection() };
	return h('ol', null, page.messages.map(({ id, text }) => h('li', { key: id }, text)));
};
const app = (props) => h(StrictMode, null, h(ResumableWebSocketProvider, props, h(View)));

afterEach(async () => {
	unmountAll();
	transports.splice(0).forEach((made) => made.close());
	await restore();
});

test('a page with hooks shows the whole reply, whatever happens to the network', async () => {
	const text = await gatedAnswer();
	const view = mount(app(options()));
	page.send('Talk to me');
	await control('release', { pieces: 3 });
	await until(() => view.texts()[1]?.endsWith('piece 2; '));
	await control('refuse');
	await control('cut');
	await until(() => page.connection.status === 'waiting');
	page.send('And?');
	await until(() => view.texts()[2] === 'And?');
	await control('open');
	await control('accept');
	await until(() => page.messages.length === 4 && page.messages[1].status === 'done' && page.messages.some(({ inReplyTo, status }) => inReplyTo > 1 && status === 'done'));
	assert.deepEqual([...view.texts()].sort(), [text, text, 'And?', 'Talk to me'].sort());
	assert.equal(view.texts()[0], 'Talk to me');
});

test('a page with hooks that is loaded during a reply shows the whole reply, and can stop it', async () => {
	const using = options();
	await gatedAnswer();
	const before = mount(app(using));
	page.send('Talk to me');
	await control('release', { pieces: 3 });
	await until(() => before.texts()[1]?.endsWith('piece 2; '));
	before.leave();
	await control('release', { pieces: 2 });
	const after = mount(app(using));
	await until(() => after.texts()[1] === pieces(5).join(''));
	assert.equal(after.texts()[0], 'Talk to me');
	page.stop();
	await until(() => page.messages[1].finishReason === 'cancelled');
	assert.equal(after.texts()[1], pieces(5).join(''));
});

test('a page with hooks shows a reply once after a takeover', async () => {
	const text = await gatedAnswer();
	const view = mount(app(options()));
	page.send('Talk to me');
	await control('release', { pieces: 3 });
	await until(() => view.texts()[1]?.endsWith('piece 2; '));
	await control('moveToAnotherNode');
	await until(() => page.messages[1].attempt === 2);
	await control('open');
	await until(() => page.messages[1].status === 'done');
	assert.deepEqual(view.texts(), ['Talk to me', text]);
});

test('a chat of the AI SDK receives its reply, also if the connection breaks', async () => {
	const text = await gatedAnswer();
	const chat = chatOf(transport());
	const sent = chat.sendMessage({ text: 'Talk to me' });
	await control('release', { pieces: 3 });
	await until(() => textOf(chat.messages[1])?.endsWith('piece 2; '));
	await control('cut');
	await control('release', { pieces: 3 });
	await until(() => textOf(chat.messages[1]).includes('piece 5'));
	await control('cut');
	await control('open');
	await sent;
	assert.deepEqual(texts(chat), ['Talk to me', text]);
	assert.deepEqual([chat.status, chat.messages[1].metadata.finishReason], ['ready', 'stop']);
});

test('a chat of the AI SDK resumes after a reload, with its messages from the log', async () => {
	const using = options();
	const text = await gatedAnswer();
	const before = chatOf(transport(using));
	before.sendMessage({ text: 'Talk to me' });
	await control('release', { pieces: 3 });
	await until(() => textOf(before.messages[1])?.endsWith('piece 2; '));
	transports[0].close();
	const after = transport(using);
	const messages = await after.messages('chat');
	assert.deepEqual(messages.map(textOf), ['Talk to me']);
	const chat = chatOf(after, messages);
	const resumed = chat.resumeStream();
	await until(() => textOf(chat.messages[1])?.endsWith('piece 2; '));
	await control('open');
	await resumed;
	assert.deepEqual(texts(chat), ['Talk to me', text]);
	assert.deepEqual((await after.messages('chat')).map(textOf), ['Talk to me', text]);
	assert.equal(await after.reconnectToStream({ chatId: 'chat' }), null);
});

test('a chat of the AI SDK stops its reply, and receives the next one', async () => {
	const text = await gatedAnswer();
	const using = transport();
	const chat = chatOf(using);
	const sent = chat.sendMessage({ text: 'Talk to me' });
	await control('release', { pieces: 3 });
	await until(() => textOf(chat.messages[1])?.endsWith('piece 2; '));
	await chat.stop();
	await sent;
	await until(async () => (await using.messages('chat'))[1]?.metadata.finishReason === 'cancelled', 'the end in the log');
	await control('open');
	await chat.sendMessage({ text: 'And?' });
	assert.equal(textOf(chat.lastMessage), text);
	assert.equal(chat.messages.length, 4);
});

test('a chat of the AI SDK contains a reply once after a takeover', async () => {
	const text = await gatedAnswer();
	const chat = chatOf(transport());
	const sent = chat.sendMessage({ text: 'Talk to me' });
	await control('release', { pieces: 3 });
	await until(() => textOf(chat.messages[1])?.endsWith('piece 2; '));
	await control('moveToAnotherNode');
	await until(() => chat.messages[1].metadata.attempt === 2);
	await control('open');
	await sent;
	assert.deepEqual(texts(chat), ['Talk to me', text]);
});

test('a reply that fails is an error in a chat of the AI SDK', async () => {
	await control('answer', { pieces: pieces(10), breakAfter: 3 });
	const chat = chatOf(transport());
	await chat.sendMessage({ text: 'Talk to me' });
	assert.equal(chat.status, 'error');
	assert.match(chat.error.message, /^provider_error: /);
});

test('two tabs with one chat of the AI SDK show the same', async () => {
	const using = options();
	const text = await gatedAnswer();
	const one = chatOf(transport(using));
	await transports[0].messages('chat');
	const two = chatOf(transport(using));
	await transports[1].messages('chat');
	one.sendMessage({ text: 'Talk to me' });
	await control('release', { pieces: 3 });
	await until(() => textOf(two.messages[1])?.endsWith('piece 2; '));
	await control('open');
	await until(() => one.status === 'ready' && two.status === 'ready');
	assert.deepEqual(texts(one), ['Talk to me', text]);
	assert.deepEqual(texts(two), ['Talk to me', text]);
});
