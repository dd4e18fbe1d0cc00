import { Connection } from './connection.js';
import { Conversation } from './conversation.js';

const $ = (id) => document.getElementById(id);
const bubbles = new Map();

const view = {
	clear() {
		bubbles.clear();
		$('messages').replaceChildren();
		$('stop').hidden = true;
	},
	show(entry) {
		const bubble = bubbles.get(entry.id) ?? newBubble(entry);
		const atEnd = $('messages').scrollHeight - $('messages').scrollTop - $('messages').clientHeight < 80;
		bubble.dataset.status = entry.status;
		bubble.hidden = entry.status === 'superseded';
		bubble.setAttribute('aria-busy', entry.status === 'streaming'); // read out when it is whole
		bubble.querySelector('.text').textContent = entry.text;
		const note = entry.status === 'sending' ? 'Sending…' : entry.note ?? '';
		bubble.querySelector('.note').textContent = note;
		bubble.querySelector('button').hidden = entry.status !== 'failed' || !conversation.textOf(entry.inReplyTo);
		// in the order of the log; what is not in it yet comes last
		if (entry.status !== 'sending' && bubble.dataset.placed !== 'yes') {
			bubble.dataset.placed = 'yes';
			$('messages').insertBefore(bubble, $('messages').querySelector('[data-status=sending]:not([data-placed])'));
		}
		if (atEnd || entry.status === 'sending') {
			$('messages').scrollTop = $('messages').scrollHeight;
		}
		$('stop').hidden = !conversation.running;
	},
};

function newBubble(entry) {
	const bubble = $('bubble').content.firstElementChild.cloneNode(true);
	bubble.classList.add(entry.role ?? 'assistant');
	bubble.querySelector('.who').textContent = entry.role === 'user' ? 'You' : 'Assistant';
	bubble.querySelector('button').onclick = () => say(conversation.textOf(entry.inReplyTo));
	bubbles.set(entry.id, bubble);
	$('messages').append(bubble);
	return bubble;
}

// The session is this browser's; what is not acknowledged yet, this tab's. The text is neither's: after a reload it is
// rebuilt from the log, from event 0.
const stored = {
	get sessionId() {
		return localStorage.getItem('session-id');
	},
	set sessionId(id) {
		id ? localStorage.setItem('session-id', id) : localStorage.removeItem('session-id');
	},
	get outbox() {
		return JSON.parse(sessionStorage.getItem('outbox') ?? '[]');
	},
	set outbox(messages) {
		sessionStorage.setItem('outbox', JSON.stringify(messages));
	},
};
let session = stored.sessionId;

const conversation = new Conversation(view, (lastEventId) => connection.send({ type: 'resume', lastEventId }));

const connection = new Connection({
	cursor: () => ({ sessionId: session, lastEventId: conversation.lastEventId }),
	onMessage(message) {
		if (message.event_id !== undefined && message.payload !== undefined) {
			conversation.apply(message);
			if (message.type === 'user_message') {
				settle(message.payload.idempotency_key);
			}
		}
		else {
			control[message.type]?.(message);
		}
		$('last-event').textContent = conversation.lastEventId;
	},
	onState(state, detail = '') {
		const words = { connecting: 'Connecting…', open: 'Connected', restarting: 'Server restarts…', waiting: 'Reconnecting…',
			closed: 'Closed' };
		$('state').textContent = words[state];
		$('state').dataset.state = state;
		$('detail').textContent = state === 'open' ? '–' : detail;
		$('reconnect').hidden = state !== 'closed';
		$('break').disabled = state !== 'open';
	},
	onRefused(reason) {
		const [first] = stored.outbox;
		if (first) {
			settle(first.idempotency_key);
			conversation.refuse(first.idempotency_key, reason || 'The server does not take this message');
		}
	},
});

const control = {
	session_init({ session_id: id, resumed, reason }) {
		if (reason || id !== session || !resumed) {
			conversation.clear(); // what follows is all there is
		}
		session = stored.sessionId = id;
		$('session').textContent = id;
		for (const message of stored.outbox) { // again, under the same keys: the server takes each once
			conversation.say(message.idempotency_key, message.content);
			connection.send(message);
		}
	},
	ack({ idempotency_key: key }) {
		settle(key);
	},
	error({ code, message, idempotency_key: key }) {
		const waiting = stored.outbox.find((sent) => sent.idempotency_key === key);
		if (waiting && code === 'unavailable') {
			setTimeout(() => stored.outbox.some((sent) => sent.idempotency_key === key) && connection.send(waiting), 2_000);
		}
		else if (waiting) {
			settle(key);
			conversation.refuse(key, message);
		}
	},
};

function settle(key) {
	stored.outbox = stored.outbox.filter((message) => message.idempotency_key !== key);
}

function say(content) {
	const message = { type: 'user_message', content, idempotency_key: newKey() };
	stored.outbox = [...stored.outbox, message];
	conversation.say(message.idempotency_key, content);
	connection.send(message);
}

// crypto.randomUUID exists on https and localhost only, and the page may be open on a phone in the same network
function newKey() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
	return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

$('form').onsubmit = (event) => {
	event.preventDefault();
	const content = $('input').value.trim();
	if (content) {
		say(content);
		$('input').value = '';
		$('input').focus();
	}
};
$('input').onkeydown = (event) => {
	if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
		event.preventDefault();
		$('form').requestSubmit();
	}
};
$('stop').onclick = () => connection.send({ type: 'cancel' });
$('break').onclick = () => connection.breakNow();
$('reconnect').onclick = () => connection.connect();
$('new').onclick = () => {
	session = stored.sessionId = null;
	stored.outbox = [];
	conversation.clear();
	connection.connect();
	$('input').focus();
};

connection.connect();
