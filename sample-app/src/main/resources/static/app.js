import { ResumableWebSocket } from '/resumable-ws/client.js';
import { $, announce, copy } from './dom.js';
import { api } from './api.js';
import { offerBreakage, RoutedWebSocket } from './breakage.js';
import { ConversationList } from './conversation-list.js';
import { EventDrawer } from './event-drawer.js';
import { StatusBar } from './status-bar.js';
import { Transcript } from './transcript.js';
import { isComposing, sends } from './typing.js';

const transcript = new Transcript((content) => say(content));
const statusBar = new StatusBar();
const drawer = new EventDrawer();
const conversations = new ConversationList(() => go(''));
let client;

// ---- one conversation

/** Opens a conversation: that of a session, or a new one. What is shown is rebuilt from the log, from event 0. */
function open(sessionId) {
	client?.close();
	transcript.reset();
	const chat = client = new ResumableWebSocket('/ws', {
		getToken: async () => {
			const { token, formerUser } = await api.signIn();
			$('go-back').hidden = !formerUser;
			return token;
		},
		sessionId,
		lastEventId: 0,
		WebSocket: RoutedWebSocket,
	});
	chat.addEventListener('user_message', ({ detail }) => {
		transcript.said(detail);
		conversations.refreshSoon();
	});
	chat.addEventListener('reply', ({ detail: reply }) => {
		transcript.reply(reply, chat.status === 'open');
		showStop();
		reply.addEventListener('end', showStop);
	});
	chat.addEventListener('open', ({ detail }) => {
		$('messages').setAttribute('aria-busy', 'true'); // what is replayed is not read out
		offerBreakage((text) => statusBar.notice(text));
		history.replaceState(null, '', `#/c/${detail.sessionId}`);
		conversations.current = detail.sessionId;
		conversations.refreshSoon();
	});
	chat.addEventListener('replaycomplete', () => $('messages').removeAttribute('aria-busy'));
	chat.addEventListener('gone', ({ detail }) => {
		transcript.clear();
		if (detail.reason === 'history_diverged') {
			statusBar.notice('The server has lost its last moments. This is what it has');
		}
		else if (detail.sessionId !== detail.previousSessionId) {
			statusBar.notice('That conversation is not there any more. This is a new one');
		}
	});
	statusBar.follow(chat);
	drawer.follow(chat);
	conversations.current = sessionId;
	showStop();
	if (chat.pending) {
		statusBar.notice(chat.pending === 1 ? 'A message still waits to be sent' : `${chat.pending} messages still wait to be sent`);
	}
}

async function say(content) {
	const chat = client;
	const key = newKey();
	transcript.sending(key, content);
	try {
		await chat.send({ type: 'user_message', content, idempotency_key: key });
	}
	catch (error) {
		if (chat === client) {
			transcript.refused(key, content, error.message);
		}
	}
}

// crypto.randomUUID exists on https and localhost only, and the page may be open on a phone in the same network
function newKey() {
	const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

function stop() {
	client.cancel();
	announce('Stopping');
}

function showStop() {
	const running = client.replies.size > 0;
	$('stop').hidden = !running;
}

// ---- which conversation: the page's address says so

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
	focusInput();
}

// ---- which user: a link changes that only after a question

/** Becomes the user of another device, if that is wanted. */
async function join(code) {
	if (await ask($('join-dialog')) === 'join') {
		await change(() => api.join(code), 'You are the user of the other device now', 'The link was used, or has expired. Make another one');
	}
	else if (client) {
		history.replaceState(null, '', client.sessionId ? `#/c/${client.sessionId}` : '#/');
	}
	else {
		open(null);
	}
}

/** Changes who this browser is, and begins a new conversation. */
async function change(action, done, failed) {
	let notice = done;
	try {
		await action();
	}
	catch {
		notice = failed;
	}
	open(null);
	statusBar.notice(notice);
}

/** @returns the value of the button that closed the dialog */
function ask(dialog) {
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true }));
}

$('go-back').addEventListener('click', () => {
	showList(false);
	change(api.goBack, 'You are the user again that you were before', 'The server does not answer; try again');
});
$('sign-out').addEventListener('click', async () => {
	if (await ask($('sign-out-dialog')) === 'sign-out') {
		showList(false);
		change(api.signOut, 'You are a new user', 'The server does not answer; try again');
	}
});

/** Not where that would bring up a keyboard that hides half of the page. */
function focusInput() {
	if (matchMedia('(hover: hover)').matches) {
		$('input').focus();
	}
}

// ---- the page

function showList(shown) {
	document.body.classList.toggle('listing', shown);
	$('show-list').setAttribute('aria-expanded', shown);
	for (const behind of document.querySelectorAll('#skip, main, #events')) {
		behind.inert = shown;
	}
}

matchMedia('(width <= 52rem)').addEventListener('change', () => showList(false)); // the list is beside it, or was

$('form').addEventListener('submit', (event) => {
	event.preventDefault();
	const content = $('input').value.trim();
	if (content) {
		say(content);
		$('input').value = '';
	}
	$('input').focus();
});
$('input').addEventListener('keydown', (event) => {
	if (sends(event)) {
		event.preventDefault();
		$('form').requestSubmit();
	}
});
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
	else if (client?.replies.size) {
		stop();
	}
});
$('new').addEventListener('click', () => {
	if (transcript.empty && client.sessionId) {
		showList(false); // there is a new one already
		focusInput();
	}
	else {
		go('');
	}
});
$('skip').addEventListener('click', (event) => {
	event.preventDefault(); // the address says which conversation it is
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
$('suggestions').addEventListener('click', ({ target }) => {
	const suggestion = target.closest('button');
	if (suggestion) {
		say(suggestion.textContent.trim());
		focusInput();
	}
});
$('device').addEventListener('click', async () => {
	try {
		const { code, minutes } = await api.deviceCode();
		$('device-link').value = `${location.origin}${location.pathname}#/join/${code}`;
		$('device-minutes').textContent = minutes;
		$('device-local').hidden = !['localhost', '127.0.0.1'].includes(location.hostname);
		$('device-dialog').showModal();
		$('device-link').select();
	}
	catch {
		statusBar.notice('The server does not answer; try again');
	}
});
$('copy-link').addEventListener('click', async () => {
	$('copy-link').textContent = await copy($('device-link').value) ? 'Copied' : 'Press Ctrl+C';
	$('device-link').select();
});
$('device-dialog').addEventListener('close', () => $('copy-link').textContent = 'Copy link');

addEventListener('hashchange', route);
route();
