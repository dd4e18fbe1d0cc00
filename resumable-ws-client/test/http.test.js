import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, test } from 'node:test';
import { fallback, parser } from '../src/http.js';
import { FakeServer } from './fake-server.js';
import { HttpEndpoint } from './http-endpoint.js';
import { TestStorage, closeAll, connect, event, holds, until, waits } from './support.js';

const HOUR = 3_600_000;
const { now } = Date;

let server;
let endpoint;

beforeEach(async () => {
	server = await FakeServer.start();
	endpoint = new HttpEndpoint();
	server.http = endpoint.handle;
});
afterEach(async () => {
	Date.now = now;
	closeAll();
	await server.stop();
});

/** Returns a client behind a proxy that blocks upgrades. */
function blocked(options) {
	server.refuseWith = 400;
	return connect(server.url, options);
}

async function opened(client, transport) {
	await until(() => client.status === 'open' && client.transport === transport, `${transport} to be open`);
	return client;
}

const over = (transport, options) => opened(connect(server.url, { transports: [transport], ...options }), transport);
const reasons = (client) => waits(client).map(({ reason }) => reason);
const contents = () => endpoint.log.map(({ payload }) => payload.content);

// ---- choice of the transport

test('a client whose upgrades are blocked uses server-sent events, after a second failure', async () => {
	const client = blocked();
	const transports = [client.transport];
	client.addEventListener('open', () => transports.push(client.transport));
	await opened(client, 'sse');
	assert.equal(server.attempts, 2);
	assert.deepEqual(reasons(client), ['connection_lost', 'connection_lost']);
	assert.equal(client.reconnects, 0);
	assert.deepEqual(transports, ['websocket', 'sse']);
	const { eventId } = await client.say('hello');
	assert.equal(eventId, 1);
	await until(() => client.lastEventId === 1);
	assert.deepEqual(client.ids(), [1]);
});

test('a client does not fall back after one failure', async () => {
	server.refuseWith = 503;
	const client = connect(server.url);
	await until(() => server.attempts === 1);
	server.refuseWith = 0;
	(await server.connection()).resume();
	await opened(client, 'websocket');
	assert.deepEqual(endpoint.gets(), []);
});

test('a client connects with a WebSocket after the server was unavailable', async () => {
	endpoint.refusals = { '/ws': [502] };
	server.refuseWith = 502;
	const client = connect(server.url);
	await until(() => waits(client).length >= 8);
	endpoint.refusals = {};
	server.refuseWith = 0;
	(await server.connection()).resume();
	await opened(client, 'websocket');
	assert.deepEqual(endpoint.gets(), []);
});

test('WebSockets that open but deliver nothing count as blocked', async () => {
	const client = await opened(connect(server.url, { connectTimeout: 60 }), 'sse');
	assert.equal(server.attempts, 2);
	assert.deepEqual(reasons(client), ['connect_timeout', 'connect_timeout']);
});

test('WebSockets that are closed before the first message count as blocked', async () => {
	const client = connect(server.url);
	(await server.connection()).cut();
	(await server.connection()).cut();
	await opened(client, 'sse');
});

test('a client polls behind a proxy that buffers streams', async () => {
	endpoint.buffers = true;
	const client = await opened(blocked({ connectTimeout: 200 }), 'longpoll');
	assert.ok(!reasons(client).includes('sign_in_refused'));
	await client.say('one');
	await client.say('two');
	await until(() => client.lastEventId === 2);
	assert.deepEqual(client.ids(), [1, 2]);
	assert.deepEqual([client.reconnects, client.replayed], [0, 0]);
});

test('the working transport is stored for the endpoint, and pending messages are sent', async () => {
	const storage = new TestStorage();
	const before = await opened(blocked({ storage }), 'sse');
	before.close();
	const after = connect(server.url.replace('/ws', '/ws?page=2'), { storage, sessionId: before.sessionId });
	const said = after.say('at once');
	await opened(after, 'sse');
	await said;
	assert.equal(server.attempts, 2);
	assert.deepEqual(waits(after), []);
});

test('after a time, a reconnect tries a WebSocket, which is used if it opens', async () => {
	const storage = new TestStorage();
	const client = await opened(blocked({ storage }), 'sse');
	await client.say('over SSE');
	Date.now = () => now() + HOUR;
	server.refuseWith = 0;
	(await endpoint.stream()).cut();
	const said = client.say('while away');
	const connection = await server.connection();
	assert.equal(connection.query.get('lastEventId'), '1');
	assert.equal(connection.query.get('sessionId'), endpoint.session);
	connection.resume();
	connection.ack(await connection.message(), 2);
	await said;
	await opened(client, 'websocket');
	assert.equal(server.attempts, 3);
	connection.cut();
	await server.connection();
	assert.equal(server.attempts, 4, 'the client uses WebSockets from now on');
	connect(server.url, { storage });
	await server.connection();
	assert.equal(server.attempts, 5, 'other clients, too');
});

test('a WebSocket that is tried after a time and still blocked costs one attempt', async () => {
	const storage = new TestStorage();
	const client = await opened(blocked({ storage }), 'sse');
	Date.now = () => now() + HOUR;
	(await endpoint.stream()).cut();
	await until(() => client.reconnects === 1 && client.status === 'open');
	assert.deepEqual([client.transport, server.attempts], ['sse', 3]);
	(await endpoint.stream()).cut();
	await until(() => client.reconnects === 2 && client.status === 'open');
	assert.deepEqual([client.transport, server.attempts], ['sse', 3]);
	const other = await opened(connect(server.url, { storage }), 'sse');
	assert.deepEqual([waits(other).length, server.attempts], [0, 3]);
});

test('the working transport is stored for longer each time that a WebSocket is still blocked, until one opens', async () => {
	const storage = new TestStorage();
	const client = await opened(blocked({ storage }), 'sse');
	let time = now();
	Date.now = () => time;
	const attemptsAfter = async (minutes) => {
		const { attempts } = server;
		const { reconnects } = client;
		time += minutes * 60_000;
		(await endpoint.stream()).cut();
		await until(() => client.reconnects > reconnects && client.status === 'open');
		return server.attempts - attempts;
	};
	assert.equal(await attemptsAfter(2), 1);
	assert.equal(await attemptsAfter(2), 0);
	assert.equal(await attemptsAfter(3), 1);
	assert.equal(await attemptsAfter(15), 0);
	assert.equal(await attemptsAfter(2), 1);
	assert.equal(await attemptsAfter(29), 0);
	assert.equal(await attemptsAfter(2), 1);
	assert.equal(await attemptsAfter(31), 1);
	server.refuseWith = 0;
	time += 31 * 60_000;
	(await endpoint.stream()).cut();
	(await server.connection()).resume();
	await opened(client, 'websocket');
	server.refuseWith = 400;
	server.connections.at(-1).cut();
	await opened(client, 'sse');
	assert.equal(await attemptsAfter(2), 1);
});

test('a refusal by a stopping node does not count as blocked WebSockets', async () => {
	server.refuseWith = 503;
	endpoint.refusals = { '/ws/sse': [503] };
	const client = connect(server.url);
	await until(() => reasons(client).includes('try_again_later') && server.attempts === 3);
	server.refuseWith = 0;
	endpoint.refusals = {};
	(await server.connection()).resume();
	await opened(client, 'websocket');
});

test('a client falls back even if its storage is forbidden or contains invalid data', async () => {
	const used = new TestStorage();
	await opened(blocked({ storage: used }), 'sse');
	const key = Array.from({ length: used.length }, (_, i) => used.key(i)).find((name) => used.getItem(name).includes('sse'));
	for (const value of ['', '7', '[]', '["sse","soon"]', '["carrier pigeon",9e15]', '{']) {
		const storage = new TestStorage();
		storage.setItem(key, value);
		await opened(blocked({ storage }), 'sse');
	}
	const fail = () => {
		throw new Error('forbidden');
	};
	await opened(blocked({ storage: { getItem: fail, setItem: fail, removeItem: fail } }), 'sse');
});

test('a single transport in the option is always used', async () => {
	server.refuseWith = 400;
	const client = connect(server.url, { transports: ['websocket'] });
	await until(() => waits(client).length >= 6);
	assert.deepEqual(endpoint.gets(), []);
	await over('sse');
	await over('longpoll');
});

test('transports are tried in the order of the option', async () => {
	endpoint.buffers = true;
	const client = connect(server.url, { transports: ['sse', 'websocket'], connectTimeout: 200 });
	(await server.connection()).resume();
	await opened(client, 'websocket');
	assert.ok(endpoint.gets().length > 0);
});

test('a refusal by a server that offers only WebSockets counts as a refused token', async () => {
	endpoint.refusals = { '/ws/sse': [404] };
	const refused = [];
	const client = blocked({ getToken: (request) => `token${refused.push(request.refused)}` });
	await until(() => reasons(client).includes('sign_in_refused'));
	assert.ok(reasons(client).indexOf('sign_in_refused') <= 2);
	await until(() => refused.includes(true));
	server.refuseWith = 0;
	(await server.connection()).resume();
	await opened(client, 'websocket');
});

test('a token that is refused over HTTP is replaced at once', async () => {
	const asked = [];
	endpoint.refusals = { '/ws/sse': [401] };
	server.refuseWith = 401;
	const getToken = ({ refused }) => {
		asked.push(refused);
		if (refused) {
			server.refuseWith = 0;
		}
		return 'token';
	};
	const client = connect(server.url, { getToken });
	(await server.connection()).resume();
	const { code, delay, reason } = waits(client).at(-1);
	assert.deepEqual([code, delay, reason], [4401, 0, 'unauthorized']);
	assert.deepEqual(asked, [false, false, false, true]);
	await opened(client, 'websocket');
	assert.ok(client.seen.status.every(({ reason }) => reason !== 'sign_in_refused'), 'one refusal does not require a sign-in');
});

test('a token that is refused twice over HTTP is a refused sign-in', async () => {
	endpoint.refusals = { '/ws/sse': [401] };
	server.refuseWith = 401;
	const client = connect(server.url, { getToken: () => 'token' });
	await until(() => reasons(client).includes('sign_in_refused'));
});

test('a client waits for the Retry-After of a full server', async () => {
	for (const [status, code, reason] of [[503, 1013, 'try_again_later'], [429, 4429, 'rate_limited']]) {
		endpoint.refusals = { '/ws/sse': [status, { 'Retry-After': '3' }] };
		const client = connect(server.url, { transports: ['sse'] });
		await until(() => waits(client).length);
		const [wait] = waits(client);
		assert.deepEqual([wait.delay, wait.code, wait.reason], [3000, code, reason]);
	}
});

test('a client retries behind a proxy whose server is unavailable', async () => {
	endpoint.refusals = { '/ws/sse': [502] };
	const client = connect(server.url, { transports: ['sse'] });
	await until(() => waits(client).length >= 3);
	assert.ok(reasons(client).every((reason) => reason === 'connection_lost'));
	endpoint.refusals = {};
	await opened(client, 'sse');
});

// ---- requests

test('a token is sent as a header, with the session and the cursor of the client', async () => {
	const session = endpoint.session;
	endpoint.publish('tick', {});
	const client = await over('sse', { getToken: () => 'secret', sessionId: session, lastEventId: 1, epoch: 'one' });
	await client.say('hello');
	const [get] = endpoint.gets();
	const [post] = endpoint.gets('/ws/messages');
	assert.deepEqual([get.headers.authorization, post.headers.authorization], ['Bearer secret', 'Bearer secret']);
	assert.deepEqual(Object.fromEntries(get.query), { sessionId: session, lastEventId: '1', epoch: 'one' });
	assert.equal(post.query.get('sessionId'), session);
	assert.equal(post.headers['content-type'], 'application/json');
});

test('a token is sent in the query if the option says so', async () => {
	const client = await over('sse', { getToken: () => 'secret', tokenIn: 'query' });
	await client.say('hello');
	for (const { headers, query } of endpoint.requests) {
		assert.deepEqual([headers.authorization, query.get('token')], [undefined, 'secret']);
	}
});

test('a token for the first message of a WebSocket is sent as a header', async () => {
	const client = Object.assign(new EventTarget(), { transport: 'websocket' });
	const Socket = fallback(client, { transports: ['sse'] }, undefined, '')(false);
	const socket = new Socket(server.url.replace('http', 'ws'), ['resumable-ws.v1']);
	const received = [];
	socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token: 'secret' }));
	socket.onmessage = ({ data }) => received.push(JSON.parse(data));
	await until(() => received.some(({ type }) => type === 'session_init'));
	socket.send(JSON.stringify({ type: 'user_message', content: 'hello', idempotency_key: randomUUID() }));
	await until(() => received.some(({ type }) => type === 'ack'));
	socket.close();
	assert.deepEqual(endpoint.requests.map(({ headers }) => headers.authorization), ['Bearer secret', 'Bearer secret']);
});

for (const transport of ['sse', 'longpoll']) {
	test(`messages are sent in order, and stored once even if responses are lost, over ${transport}`, async () => {
		const client = await over(transport);
		endpoint.loseAnswers = 3;
		const sent = ['a', 'b', 'c'].map((content) => client.say(content));
		const acknowledged = await Promise.all(sent);
		assert.equal(acknowledged[0].duplicate, true);
		assert.deepEqual(contents(), ['a', 'b', 'c']);
		assert.equal(client.reconnects, 0);
		await until(() => client.lastEventId === 3);
		assert.deepEqual(client.ids(), [1, 2, 3]);
	});

	test(`a message without an acknowledgement is sent once, over ${transport}`, async () => {
		const client = await over(transport);
		client.cancel('f0e1d2c3-0000-4000-8000-000000000000');
		client.cancel('f0e1d2c3-0000-4000-8000-000000000001');
		client.cancel('f0e1d2c3-0000-4000-8000-000000000002');
		await client.say('hello');
		assert.deepEqual(endpoint.posted.map(({ type }) => type), ['cancel', 'cancel', 'cancel', 'user_message']);
	});

	test(`a message that cannot be sent is kept, over ${transport}`, async () => {
		endpoint.refusals = { '/ws/messages': [409] };
		const client = await over(transport);
		const said = client.say('hello');
		await until(() => client.seen.open.length >= 3);
		endpoint.refusals = {};
		await said;
		assert.deepEqual(contents(), ['hello']);
	});

	test(`a message that is too large is rejected, and later ones are not, over ${transport}`, async () => {
		endpoint.refusals = { '/ws/messages': [413] };
		const client = await over(transport);
		const refused = client.say('big');
		await assert.rejects(refused, { code: 'message_too_big', closeCode: 1009, final: true });
		endpoint.refusals = {};
		await client.say('small');
	});

	test(`a token that has expired when a message is sent is replaced, over ${transport}`, async () => {
		let tokens = 0;
		const client = await over(transport, { getToken: () => `token${++tokens}` });
		endpoint.refusals = { '/ws/messages': [401] };
		const said = client.say('hello');
		await until(() => waits(client).length);
		assert.deepEqual([waits(client)[0].code, waits(client)[0].delay], [4401, 0]);
		endpoint.refusals = {};
		await said;
		assert.equal(endpoint.gets('/ws/messages').at(-1).headers.authorization, `Bearer token${tokens}`);
	});

	test(`missed events are replayed, over ${transport}`, async () => {
		const client = await over(transport);
		endpoint.publish('tick', { n: 1 });
		await until(() => client.lastEventId === 1);
		endpoint.refusals = { '/ws/sse': [502] };
		endpoint.streams.forEach((stream) => stream.cut());
		await until(() => client.status === 'waiting');
		endpoint.publish('tick', { n: 2 });
		endpoint.publish('tick', { n: 3 });
		endpoint.refusals = {};
		await until(() => client.lastEventId === 3);
		assert.deepEqual(client.ids(), [1, 2, 3]);
		assert.deepEqual([client.reconnects, client.replayed], [1, 2]);
	});

	test(`missing events are fetched on the same connection, over ${transport}`, async () => {
		endpoint.publish('assistant_started', { message_id: 'm', in_reply_to: 1 });
		endpoint.publish('assistant_delta', { message_id: 'm', offset: 0, content: 'one ' });
		const client = await over(transport);
		await until(() => client.replies.size);
		const reply = client.replies.get('m');
		endpoint.log.push(event(3, 'assistant_delta', { message_id: 'm', offset: 4, content: 'two ' }));
		endpoint.publish('assistant_delta', { message_id: 'm', offset: 8, content: 'three' });
		await until(() => reply.text === 'one two three');
		await until(() => client.status === 'open');
		assert.equal(client.reconnects, 0);
		endpoint.publish('assistant_message', { message_id: 'm', content: 'one two three', finish_reason: 'stop' });
		assert.equal(await reply.finished, 'one two three');
	});

	test(`a server closes a stream with a code and a reason, over ${transport}`, async () => {
		for (const [code, reason] of [[1000, 'done'], [4409, 'superseded']]) {
			const client = await over(transport);
			(await endpoint.stream()).close(code, reason);
			await until(() => client.status === 'closed');
			assert.deepEqual([client.seen.status.at(-1).code, client.seen.status.at(-1).reason], [code, reason]);
			await holds(() => client.status === 'closed');
		}
	});

	test(`a client waits for as long as a restarting server requests, over ${transport}`, async () => {
		const client = await over(transport);
		const stream = await endpoint.stream();
		stream.write([`data: ${JSON.stringify({ type: 'server_restarting', reconnect_after_ms: 35 })}`, '', '']);
		stream.close(1012, 'restart');
		await until(() => waits(client).length);
		assert.deepEqual([waits(client)[0].delay, waits(client)[0].code], [35, 1012]);
		await until(() => client.reconnects === 1 && client.status === 'open');
	});

	test(`a session that is gone is replaced, over ${transport}`, async () => {
		const client = await over(transport);
		const former = endpoint.session;
		endpoint.session = randomUUID();
		endpoint.log = [];
		const said = client.say('hello'); // is rejected, because the session does not exist
		await until(() => client.seen.gone.length);
		assert.deepEqual(client.seen.gone, [{ reason: 'unknown_session', previousSessionId: former, sessionId: endpoint.session }]);
		await said;
	});

	test(`a client detects a dead network, over ${transport}`, async () => {
		endpoint.heartbeat = 40;
		const client = await over(transport);
		endpoint.stalled = true;
		await until(() => client.seen.error.some(({ code }) => code === 'silent'));
		endpoint.stalled = false;
		await until(() => client.status === 'open');
	});

	test(`a closed client leaves no request open, over ${transport}`, async () => {
		const client = await over(transport);
		client.close();
		await until(() => !endpoint.streams.size);
		const { length } = endpoint.requests;
		await holds(() => endpoint.requests.length === length);
	});
}

test('comments keep an idle stream open, and a stream without them is closed', async () => {
	endpoint.heartbeat = 60;
	const client = await over('sse');
	const beats = setInterval(() => endpoint.streams.forEach((stream) => stream.comment()), 20);
	try {
		await until(() => client.seen.message.filter(({ type }) => type === 'pong').length >= 6);
		assert.equal(client.reconnects, 0);
	}
	finally {
		clearInterval(beats);
	}
	await until(() => client.seen.error.some(({ code }) => code === 'silent'));
});

test('a stream that ends without a reason is a lost connection', async () => {
	const client = await over('sse');
	(await endpoint.stream()).end();
	await until(() => waits(client).length);
	assert.equal(waits(client)[0].code, 1006);
	await until(() => client.reconnects === 1 && client.status === 'open');
});

test('events between two polls are not a replay, and an empty poll is not a new connection', async () => {
	const client = await over('longpoll');
	for (let n = 1; n <= 3; n++) {
		endpoint.publish('tick', { n });
		await until(() => client.lastEventId === n);
	}
	const stream = await endpoint.stream();
	endpoint.log.push(event(4, 'tick'), event(5, 'tick'));
	stream.end();
	await until(() => client.lastEventId === 5);
	assert.deepEqual(client.ids(), [1, 2, 3, 4, 5]);
	assert.ok(client.seen.event.every(({ replay }) => !replay));
	assert.deepEqual([client.replayed, client.reconnects, client.seen.open.length, client.seen.replaycomplete.length], [0, 0, 1, 1]);
});

test('a new epoch in the response to a poll is stored', async () => {
	const client = await over('longpoll');
	endpoint.epoch = 'two';
	(await endpoint.stream()).end();
	await until(() => client.epoch === 'two');
	assert.deepEqual([client.reconnects, client.seen.gone.length], [0, 0]);
	(await endpoint.stream()).end();
	await until(() => endpoint.gets().at(-1).query.get('epoch') === 'two');
});

test('a client does not poll more often than the server allows', async () => {
	const client = await over('longpoll');
	for (let n = 1; n <= 4; n++) {
		endpoint.publish('tick', { n });
		await until(() => client.lastEventId === n);
	}
	const times = endpoint.gets().map(({ time }) => time);
	for (let i = 2; i < times.length; i++) { // the first poll does not wait
		assert.ok(times[i] - times[i - 1] >= 450, `polls after ${times[i] - times[i - 1]} ms`);
	}
});

// ---- format of the streams

test('a stream may arrive in pieces of any size, with any line ends', async () => {
	const texts = ['{"a":1}', 'ä€😀 \u2028', 'x'.repeat(5_000), 'two\nlines', ' leading'];
	for (const lineEnd of ['\n', '\r\n', '\r']) {
		const lines = [':', ': comment', 'retry: 1000', ''];
		texts.forEach((text, i) => lines.push(`id: ${i}`, 'event: x', ...text.split('\n').map((line) => `data: ${line}`), ':heartbeat', ''));
		lines.push('id: 9', '', 'data:no space', 'unknown', '', 'data: incomplete');
		const bytes = Buffer.from(lines.join(lineEnd));
		for (const size of [1, 2, 3, 5, 7, 64, 1_000, bytes.length]) {
			const taken = [];
			const parse = parser((id, data) => taken.push([id, data]));
			const decoder = new TextDecoderStream();
			const writer = decoder.writable.getWriter();
			(async () => {
				for (let at = 0; at < bytes.length; at += size) {
					await writer.write(bytes.subarray(at, at + size));
				}
				await writer.close();
			})();
			for await (const piece of decoder.readable) {
				parse(piece);
			}
			assert.deepEqual(taken, [...texts.map((text, i) => [`${i}`, text]), [undefined, 'no space']], `${JSON.stringify(lineEnd)}, pieces of ${size}`);
		}
	}
});
