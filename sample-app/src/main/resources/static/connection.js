// A WebSocket that comes back. It knows nothing of chats: it hands every message to its owner, and asks the owner
// where to go on.

const TERMINAL = new Set([1000, 4400, 4409]);
const REFUSED_MESSAGE = new Set([1003, 1007, 1009]);
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
const STABLE_AFTER_MS = 5_000;

export class Connection {

	#owner;
	#socket;
	#attempts = 0;
	#stable;
	#retry;
	#watchdog;
	#renewal;
	#heardAt = 0;
	#restartDelay;
	#ended = false; // the server said not to come back

	/** The owner has cursor() → {sessionId, lastEventId}, onMessage(message), onState(state, detail), onRefused(). */
	constructor(owner) {
		this.#owner = owner;
		addEventListener('online', () => this.#ended || this.connect());
		addEventListener('offline', () => this.#ended || this.#lost('offline'));
	}

	async connect() {
		this.#ended = false;
		clearTimeout(this.#retry);
		this.#drop();
		const socket = this.#socket = {}; // stands for this attempt until there is a socket
		this.#owner.onState('connecting');
		try {
			const token = await signIn(); // a fresh one for each attempt
			if (this.#socket === socket) {
				this.#open(token);
			}
		}
		catch (error) {
			if (this.#socket === socket) {
				this.#lost(error.message);
			}
		}
	}

	send(message) {
		if (this.#socket?.readyState === WebSocket.OPEN) {
			this.#socket.send(JSON.stringify(message));
		}
	}

	/** Tears the connection down as a bad network would. */
	breakNow() {
		this.#lost('broken on purpose');
	}

	#open({ token, expiresInSeconds }) {
		const { sessionId, lastEventId } = this.#owner.cursor();
		const query = new URLSearchParams({ frames: 'ndjson', lastEventId });
		if (sessionId) {
			query.set('sessionId', sessionId);
		}
		const url = `${location.origin.replace('http', 'ws')}/ws?${query}`;
		const socket = this.#socket = new WebSocket(url, ['resumable-ws.v1', `jwt-${token}`]);
		this.#heardAt = Date.now();
		this.#watch(10_000);
		socket.onmessage = ({ data }) => {
			this.#heardAt = Date.now();
			for (const line of data.split('\n')) {
				if (line && socket === this.#socket) {
					this.#receive(JSON.parse(line), expiresInSeconds);
				}
			}
		};
		socket.onclose = ({ code, reason }) => {
			if (socket === this.#socket) {
				this.#closed(code, reason);
			}
		};
	}

	#receive(message, expiresInSeconds) {
		if (message.type === 'session_init') {
			this.#watch(message.heartbeat_ms);
			this.#stable = setTimeout(() => this.#attempts = 0, STABLE_AFTER_MS);
			this.#renewal = setTimeout(() => this.#renew(), expiresInSeconds * 900);
			this.#owner.onState('open');
		}
		else if (message.type === 'server_restarting') {
			this.#restartDelay = message.reconnect_after_ms;
			this.#owner.onState('restarting');
		}
		this.#owner.onMessage(message);
	}

	/** Pings, and does not wait for ever for something to be heard. */
	#watch(intervalMs) {
		clearInterval(this.#watchdog);
		this.#watchdog = setInterval(() => {
			if (Date.now() - this.#heardAt > 2 * intervalMs) {
				this.#lost('nothing heard');
			}
			else {
				this.send({ type: 'ping', t: Date.now() });
			}
		}, intervalMs);
	}

	async #renew() {
		const socket = this.#socket;
		try {
			const { token, expiresInSeconds } = await signIn();
			if (socket === this.#socket) {
				this.send({ type: 'auth', token });
				this.#renewal = setTimeout(() => this.#renew(), expiresInSeconds * 900);
			}
		}
		catch {
			// the server closes the connection when the token expires, and the next attempt gets another
		}
	}

	#closed(code, reason) {
		if (REFUSED_MESSAGE.has(code)) {
			this.#owner.onRefused(reason);
		}
		if (TERMINAL.has(code)) {
			this.#ended = true;
			this.#drop();
			this.#owner.onState('closed', reason || `code ${code}`);
		}
		else {
			this.#lost(reason || `code ${code}`);
		}
	}

	#lost(reason) {
		clearTimeout(this.#retry);
		this.#drop();
		// full jitter: anything between nothing and the limit, so that clients do not come back in step
		const limit = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts++);
		const delay = this.#restartDelay ?? Math.random() * limit;
		this.#restartDelay = undefined;
		this.#owner.onState('waiting', reason);
		this.#retry = setTimeout(() => this.connect(), delay);
	}

	#drop() {
		clearTimeout(this.#stable);
		clearTimeout(this.#renewal);
		clearInterval(this.#watchdog);
		const socket = this.#socket;
		this.#socket = undefined; // what it still says is not listened to: a dead network may take minutes to close it
		socket?.close?.();
	}

}

async function signIn() {
	const response = await fetch('/api/sign-in', { method: 'POST', signal: AbortSignal.timeout(10_000) });
	if (!response.ok) {
		throw new Error(`sign-in answered ${response.status}`);
	}
	return response.json();
}
