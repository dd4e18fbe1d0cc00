// Tests of the README's examples in Chromium, against the starter.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { until } from '../support.js';
import { STARTER_URL, control, gatedAnswer, restore, pieces } from './starter.js';

const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));
const skip = executablePath ? false : 'Chromium is not installed';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const scripts = {};
const sockets = new Set(); // WebSockets of the pages
let upgrades;
let user;
let http;
let browser;
let context;

/** Serves the examples, tokens and the starter's endpoint from one origin. */
async function serve() {
	for (const name of ['react', 'ai-sdk']) {
		const { outputFiles } = await build({
			entryPoints: [fileURLToPath(new URL(`examples/${name}.tsx`, import.meta.url))], bundle: true, write: false, format: 'esm', jsx: 'automatic',
			target: 'es2022', preserveSymlinks: true, define: { 'process.env.NODE_ENV': '"development"' },
		});
		scripts[`/${name}.js`] = outputFiles[0].text;
	}
	const { hostname, port } = new URL(STARTER_URL);
	http = createServer(async ({ url }, response) => {
		const [path] = url.split('?');
		if (path === '/api/token') {
			response.end(await control('token', { user }));
		}
		else if (scripts[path]) {
			response.setHeader('Content-Type', 'text/javascript').end(scripts[path]);
		}
		else {
			response.setHeader('Content-Type', 'text/html').end(`<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="${path}.js"></script>`);
		}
	});
	http.on('upgrade', (request, socket, head) => {
		upgrades++;
		const server = connect(port, hostname);
		const headers = [];
		for (let i = 0; i < request.rawHeaders.length; i += 2) {
			headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
		}
		server.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
		server.write(head);
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket) && server.destroy()).on('error', () => {}).pipe(server);
		server.on('close', () => socket.destroy()).on('error', () => {}).pipe(socket);
	});
	http.listen(0, '127.0.0.1');
	await once(http, 'listening');
}

/** Opens a tab with an example. */
async function tab(example) {
	const page = await context.newPage();
	page.problems = [];
	page.received = '';
	page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => page.received += payload));
	page.on('pageerror', (error) => page.problems.push(String(error)));
	page.on('console', (message) => message.type() === 'error' && /react|key/i.test(message.text()) && page.problems.push(message.text()));
	await page.goto(`http://localhost:${http.address().port}/${example}`);
	await page.waitForSelector('input');
	page.texts = () => page.locator('li').allTextContents();
	return page;
}

async function say(page, text) {
	await page.fill('input', text);
	await page.press('input', 'Enter');
}

async function shows(page, ...texts) {
	let last;
	await until(async () => JSON.stringify(last = await page.texts()) === JSON.stringify(texts), `${texts}`)
		.catch((error) => assert.fail(`${error.message}, and not ${last}; ${page.problems}`));
}

before(async () => {
	if (!skip) {
		await serve();
		browser = await chromium.launch({ executablePath, args: flags });
	}
});

after(async () => {
	await browser?.close();
	sockets.forEach((socket) => socket.destroy());
	http?.close();
	http?.closeAllConnections();
});

beforeEach(async () => {
	user = randomUUID();
	upgrades = 0;
	context = await browser?.newContext();
});

afterEach(async () => {
	await context?.close();
	await restore();
});

for (const example of ['react', 'ai-sdk']) {

	test(`${example}: a page in StrictMode has one WebSocket, and none after it is left`, { skip }, async () => {
		await control('answer', { pieces: ['Hello'] });
		const page = await tab(example);
		await say(page, 'Hi');
		await shows(page, 'Hi', 'Hello');
		assert.deepEqual([upgrades, sockets.size], [1, 1]);
		await page.close();
		await until(() => sockets.size === 0, 'the connection to end');
		assert.deepEqual(page.problems, []);
	});

	test(`${example}: a connection that breaks during a reply loses nothing`, { skip }, async () => {
		const text = await gatedAnswer();
		const page = await tab(example);
		await say(page, 'Talk to me');
		await control('release', { pieces: 3 });
		await shows(page, 'Talk to me', pieces(3).join(''));
		await control('cut');
		await control('release', { pieces: 3 });
		await shows(page, 'Talk to me', pieces(6).join(''));
		await control('open');
		await shows(page, 'Talk to me', text);
		await until(async () => !await page.getByText('Stop').count());
		assert.ok(upgrades >= 2);
		assert.deepEqual(page.problems, []);
	});

	test(`${example}: a page that is reloaded during a reply continues it`, { skip }, async () => {
		const text = await gatedAnswer();
		const page = await tab(example);
		await say(page, 'Talk to me');
		await control('release', { pieces: 3 });
		await shows(page, 'Talk to me', pieces(3).join(''));
		await page.reload();
		await shows(page, 'Talk to me', pieces(3).join(''));
		await control('release', { pieces: 2 });
		await shows(page, 'Talk to me', pieces(5).join(''));
		await until(() => sockets.size === 1);
		await control('open');
		await shows(page, 'Talk to me', text);
		await page.reload();
		await shows(page, 'Talk to me', text);
		assert.deepEqual(page.problems, []);
	});

	test(`${example}: a reply can be stopped, also after a reload`, { skip }, async () => {
		await gatedAnswer();
		const page = await tab(example);
		await say(page, 'Talk to me');
		await control('release', { pieces: 3 });
		await shows(page, 'Talk to me', pieces(3).join(''));
		await page.reload();
		await shows(page, 'Talk to me', pieces(3).join(''));
		await page.getByText('Stop').click();
		await until(async () => !await page.getByText('Stop').count());
		await until(() => page.received.includes('"finish_reason":"cancelled"'), 'the end of the reply');
		await control('answer', { pieces: ['Hello'] });
		await say(page, 'Hi');
		await shows(page, 'Talk to me', pieces(3).join(''), 'Hi', 'Hello');
		await page.reload();
		await shows(page, 'Talk to me', pieces(3).join(''), 'Hi', 'Hello');
		assert.deepEqual(page.problems, []);
	});

	test(`${example}: two tabs show the same conversation`, { skip }, async () => {
		await control('answer', { pieces: ['Hello'] });
		const one = await tab(example);
		await say(one, 'Hi');
		await shows(one, 'Hi', 'Hello');
		const two = await tab(example);
		await shows(two, 'Hi', 'Hello');
		const text = await gatedAnswer();
		await say(two, 'Talk to me');
		await control('release', { pieces: 3 });
		await shows(one, 'Hi', 'Hello', 'Talk to me', pieces(3).join(''));
		await shows(two, 'Hi', 'Hello', 'Talk to me', pieces(3).join(''));
		await control('open');
		await shows(one, 'Hi', 'Hello', 'Talk to me', text);
		await shows(two, 'Hi', 'Hello', 'Talk to me', text);
		await until(() => sockets.size === 2);
		assert.deepEqual([one.problems, two.problems], [[], []]);
	});

}

test('react: a message that is typed while the server is unavailable is shown at once, and sent once when the server is back', { skip }, async () => {
	await control('answer', { pieces: ['Hello'] });
	const page = await tab('react');
	await page.getByText('open').waitFor();
	await control('refuse');
	await control('cut');
	await page.getByText('Connect now').waitFor();
	await say(page, 'Are you there?');
	await shows(page, 'Are you there? (waits for the connection)');
	await control('accept');
	await shows(page, 'Are you there?', 'Hello');
	assert.deepEqual(page.problems, []);
});
