import { $, announce, ask } from './dom.js';
import { api } from './api.js';
import { breakage } from './breakage.js';
import { Breaks, describe } from './breaks.js';
import { Clients } from './clients.js';
import { Composer } from './composer.js';
import { ConversationList } from './conversation-list.js';
import { openDeviceDialog } from './device.js';
import { EventDrawer } from './event-drawer.js';
import { Ledger } from './ledger.js';
import { notice } from './notices.js';
import { Others } from './others.js';
import { PlainChat } from './plain.js';
import { followShortcuts } from './shortcuts.js';
import { offerSound, soundLine } from './sound.js';
import { StatusBar } from './status-bar.js';
import { Target } from './target.js';
import { Transcript } from './transcript.js';
import { isComposing } from './typing.js';
import { toUpstream, turnOf, Upstream, UPSTREAM } from './upstream.js';
import { signedInWith } from './user.js';
import { plural } from './words.js';

const statusBar = new StatusBar();
const drawer = new EventDrawer();
const composer = new Composer((content) => say(content, target.current));
const target = new Target();
const others = new Others();
const transcript = new Transcript({
	again: say,
	arrived: () => matchMedia('(hover: hover)').matches ? $('input').focus() : $('scroller').focus(),
	withdraw: (key, content) => {
		if (clients.shown?.withdraw(key)) {
			transcript.withdrawn(key);
			composer.putBack(content);
		}
		else {
			notice('It may have reached the server already, so it stays');
		}
	},
});
const conversations = new ConversationList(() => go(''));
const clients = new Clients(() => breakage.address('/ws'), { getToken: fetchToken });
let token; // the latest one
const plain = new PlainChat(() => token);
let ledger;
let breaks;

// ---- one conversation

/** Opens the conversation of a session, or a new one. The transcript is rebuilt from the log, from event 0. */
function open(sessionId) {
	const chat = clients.open(sessionId);
	const began = new Map(); // the time at which each answer began, by message id
	const isShown = () => chat === clients.shown;
	const listen = (type, listener, source = chat) => source.addEventListener(type, ({ detail }) => isShown() && listener(detail));
	ledger = new Ledger();
	breaks = new Breaks();
	const upstream = new Upstream();
	transcript.open(sessionId);
	composer.open(sessionId);
	target.open(sessionId);
	others.follow(chat);
	upstream.follow(chat);
	ledger.follow(chat);
	breaks.follow(chat, ledger);
	statusBar.follow(chat, ledger);
	drawer.follow(chat);
	plain.clear();
	conversations.current = sessionId;
	$('ended').hidden = true;
	breaks.addEventListener('broken', ({ detail }) => isShown() && transcript.broken(detail));
	breaks.addEventListener('recovered', ({ detail }) => {
		if (isShown()) {
			transcript.recovered();
			notice(capital(describe(detail)));
		}
	});
	listen('message', ({ type, created_at: at, payload }) => type === 'assistant_started' && began.set(payload.message_id, at));
	const said = (event, to) => {
		transcript.said(event, to);
		target.said(to);
		others.said();
		if (chat.status === 'open') {
			conversations.changed();
		}
	};
	const reply = (reply, at, ...more) => {
		const live = chat.status === 'open';
		transcript.reply(reply, live, at, more);
		showStop();
		reply.addEventListener('end', () => isShown() && answered(reply, live));
	};
	listen('user_message', (event) => said(event));
	listen('reply', (it) => reply(it, began.get(it.id)));
	listen('said', (event) => said(event, UPSTREAM), upstream);
	listen('reply', ({ reply: it, at }) => reply(it, at, soundLine(it)), upstream);
	listen('status', ({ text, at }) => transcript.status(text, at), upstream);
	listen('status', ({ status, code }) => {
		transcript.waitsFor(status === 'waiting' ? 'Waiting for the connection …' : 'Loading …');
		if (status === 'closed' && code === 1000) {
			end();
		}
	});
	listen('open', ({ sessionId: id }) => {
		$('messages').setAttribute('aria-busy', 'true'); // replayed events are not read out
		breakage.offer();
		showWhoAnswers();
		history.replaceState(null, '', `#/c/${id}`);
		transcript.began(id);
		composer.began(id);
		target.began(id);
		conversations.current = id;
		conversations.refreshSoon();
		clients.deliver();
	});
	listen('replaycomplete', () => {
		$('messages').removeAttribute('aria-busy');
		transcript.loaded();
		target.loaded();
	});
	listen('gone', ({ reason, sessionId: id, previousSessionId }) => {
		if (id === previousSessionId) {
			transcript.clear();
			notice(reason === 'history_diverged' ? 'The server has lost its latest events. This is what it still has' : 'This is what the server still has');
		}
		else if (transcript.known) {
			end(); // the new session is not the opened one
		}
		else {
			transcript.clear();
			composer.open(id);
			notice('That conversation does not exist. This is a new one');
		}
	});
	listen('outbox', showUnsent);
	showUnsent();
	showStop();
}

/** Handles a deleted conversation. Its waiting messages can be copied, or sent in another one. */
function end() {
	const unsent = clients.end();
	transcript.forget();
	unsent.forEach(({ key, content }) => transcript.refused(key, content, 'the conversation was deleted'));
	composer.disable('This conversation was deleted');
	target.disable();
	statusBar.ended('The conversation was deleted, here or on another device');
	$('ended').hidden = false;
	announce('This conversation was deleted');
	conversations.refreshSoon();
	showStop();
}

function showUnsent() {
	for (const { key, message, time } of clients.shown.outbox) {
		const { content, to } = turnOf(message);
		transcript.sending(key, content, { time, to });
	}
	conversations.unsent = clients.unsent();
}

/** @param to its recipient; undefined for the model */
async function say(content, to) {
	if (!$('ended').hidden) {
		open(null);
	}
	const chat = clients.shown;
	const key = newKey();
	transcript.sending(key, content, { to });
	if (!to) {
		plain.ask(content);
	}
	try {
		await chat.send(to ? toUpstream(content, key) : { type: 'user_message', content, idempotency_key: key });
	}
	catch ({ code, message }) {
		if (chat === clients.shown && code === 'taken_over') {
			transcript.withdrawn(key); // if another tab has sent it, the log contains it
		}
		else if (chat === clients.shown && code !== 'closed' && code !== 'withdrawn') {
			transcript.refused(key, content, message);
		}
	}
}

// crypto.randomUUID exists on https and localhost only, and the page may be open on a phone in the same network
function newKey() {
	const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

function answered(reply, live) {
	showStop();
	if (reply.status === 'done' && !reply.by) {
		plain.compare(transcript.questionOf(reply), reply.text);
	}
	if (live) {
		conversations.answered();
	}
}

function stop() {
	const connected = clients.shown.status === 'open' && navigator.onLine !== false;
	clients.shown.cancel();
	transcript.stopping(connected);
	announce(connected ? 'Stopping' : 'The answer stops when the connection is back');
}

function showStop() {
	const chat = clients.shown;
	$('stop').hidden = !chat || chat.status === 'closed' || chat.replies.size === 0;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

// ---- the conversation, named by the page's address

function go(path) {
	if (location.hash === `#/${path}`) {
		route();
	}
	else {
		location.hash = `#/${path}`;
	}
}

async function route() {
	const [, kind, id] = location.hash.split('/');
	showList(false);
	if (kind === 'join') {
		history.replaceState(null, '', '#/');
		await join(id);
	}
	else {
		open(kind === 'c' && /^[\da-f-]{36}$/i.test(id) ? id : null);
	}
	composer.focus();
}

// ---- the user; a link changes it only after confirmation

async function fetchToken({ signal }) {
	breakage.network();
	await breakage.checkSlowPort(signal);
	try {
		const answer = await api.signIn(signal);
		token = answer.token;
		$('go-back').hidden = !answer.formerUser;
		statusBar.signIn();
	}
	catch (error) {
		statusBar.signIn(error.status);
		throw error;
	}
	if (signedInWith(token)) {
		setTimeout(startOver); // another tab or the server has changed the user of this browser
		throw new Error('Another user');
	}
	return token;
}

function startOver() {
	clients.close();
	conversations.restore();
	route();
}

/** Switches to the user of another device after confirmation. */
async function join(code) {
	if (await ask($('join-dialog')) === 'join') {
		await change(() => api.join(code), 'You are now the user of the other device', 'The link was already used or has expired. Create another one');
	}
	else if (clients.shown) {
		history.replaceState(null, '', clients.shown.sessionId ? `#/c/${clients.shown.sessionId}` : '#/');
	}
	else {
		open(null);
	}
}

/** Changes the user of this browser, and begins a new conversation. */
async function change(action, done, failed) {
	let text = done;
	try {
		await action();
		clients.close();
		history.replaceState(null, '', '#/');
	}
	catch {
		text = failed;
	}
	open(null);
	notice(text);
}

$('go-back').addEventListener('click', () => {
	showList(false);
	change(api.goBack, 'You are your former user again', 'The server does not answer; try again');
});
$('sign-out').addEventListener('click', async () => {
	if (await ask($('sign-out-dialog')) === 'sign-out') {
		showList(false);
		change(api.signOut, 'You are a new user', 'The server does not answer; try again');
	}
});

// ---- the page

function showList(shown) {
	document.body.classList.toggle('listing', shown);
	$('show-list').setAttribute('aria-expanded', shown);
	for (const behind of document.querySelectorAll('#skip, main, #events')) {
		behind.inert = shown;
	}
}

matchMedia('(width <= 52rem)').addEventListener('change', () => showList(false)); // wide screens show the list beside the page

async function showWhoAnswers() {
	if ($('who').hidden) {
		const { model } = await api.about().catch(() => ({}));
		$('who').hidden = !model;
		$('who').textContent = model === 'stand-in' ? 'A stand-in answers' : `${model} answers`;
		$('who').title = model === 'stand-in' ? 'No language model: the sample answers with fixed texts. Set OPENAI_API_KEY for a real model' : 'The model behind the answers';
	}
}

function startNew() {
	if (transcript.empty && clients.shown?.sessionId && $('ended').hidden) {
		showList(false); // the open one is new
		composer.focus();
	}
	else {
		go('');
	}
}

$('stop').addEventListener('click', () => {
	stop();
	$('input').focus();
});
addEventListener('keydown', (event) => {
	if (event.key !== 'Escape' || isComposing(event) || document.querySelector('dialog[open]')) {
		return;
	}
	if (document.body.classList.contains('listing')) {
		showList(false);
		$('show-list').focus();
	}
	else if (drawer.open && $('events').contains(document.activeElement)) {
		drawer.close();
	}
	else if (clients.shown?.replies.size) {
		stop();
	}
});
followShortcuts({ startNew, toggleEvents: () => drawer.toggle(), type: () => $('input').focus() });
$('new').addEventListener('click', startNew);
$('ended-new').addEventListener('click', startNew);
$('skip').addEventListener('click', (event) => {
	event.preventDefault(); // the address names the conversation
	$('input').focus();
});
$('show-list').addEventListener('click', () => {
	showList(true);
	$('new').focus();
});
$('hide-list').addEventListener('click', () => {
	showList(false);
	$('show-list').focus();
});
$('veil').addEventListener('click', () => {
	showList(false);
	$('show-list').focus();
});
$('suggestions').addEventListener('click', (event) => {
	const suggestion = event.target.closest('button');
	if (suggestion) {
		say(suggestion.textContent.trim(), target.current);
		composer.focus();
	}
});
$('device').addEventListener('click', () => openDeviceDialog().catch(() => notice('The server does not answer; try again')));

clients.addEventListener('unsent', () => conversations.unsent = clients.unsent());
clients.addEventListener('delivered', () => conversations.changed());
clients.addEventListener('undeliverable', ({ detail }) => {
	detail.forEach(({ content }) => composer.keepForNew(content));
	notice('A message was not sent: its conversation was deleted. It is in the field of a new one');
});
breakage.addEventListener('rerouted', () => clients.shown?.reconnect({ force: true }));
breakage.addEventListener('everything', () => notice(
	`Everything was broken, ${plural(breaks.count, 'break')} in all: ${ledger.lost} lost, ${ledger.twice} twice`));
addEventListener('hashchange', route);
offerSound();
conversations.restore();
route();
