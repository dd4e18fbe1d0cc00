// The buttons that break things. Their effects are real: the server resets connections, tokens expire, the slow network
// delays bytes, and the server restarts.

import { $, element } from './dom.js';
import { api } from './api.js';
import { notice } from './notices.js';

const SECOND = 1_000;

/** Dispatches `rerouted` when clients should reconnect, and `everything` when everything has been broken. */
class Breakage extends EventTarget {

	#offered = false;
	#slowPort;
	#slow = false;
	#offline = false;
	#sequence; // while everything is broken; aborted to stop

	/** @returns the address for a new connection */
	address(path) {
		const url = new URL(path, location.href);
		url.protocol = url.protocol.replace('http', 'ws');
		if (this.#slow) {
			url.port = this.#slowPort;
		}
		return url.href;
	}

	/** Must be called before each connection. The page may only connect to the slow port that was known when it was loaded. */
	async checkSlowPort(signal) {
		if (this.#slow && (await api.permission(signal)).slowPort !== this.#slowPort) {
			this.#slow = false;
			$('slow').setAttribute('aria-pressed', false);
			$('slow').hidden = true;
			notice('The slow network ended with its server. The network is fast; reload the page for another slow one');
		}
	}

	/** @throws while the page simulates the absence of a network */
	network() {
		if (this.#offline) {
			throw new TypeError('No network, as “Break everything” wants it');
		}
	}

	/** Shows the buttons if they are allowed. Must be called whenever the server is available; queries it once. */
	async offer() {
		if (this.#offered) {
			return;
		}
		this.#offered = true;
		const permission = await api.permission().catch(() => undefined);
		if (!permission) {
			this.#offered = false;
			return;
		}
		const { allowed, slowPort } = permission;
		this.#slowPort = location.protocol === 'http:' ? slowPort : 0;
		$('breakage').hidden = !allowed;
		$('slow').hidden = !this.#slowPort;
		this.#button('cut', 'The server resets the connection', api.cutConnection);
		this.#button('expire', 'The next token lives for 3 seconds. Then the server closes the connection', api.expireToken);
		this.#button('restart', 'The server restarts; it comes back in a few seconds', api.restartServer);
		$('slow').addEventListener('click', () => {
			this.#route(!this.#slow);
			notice(this.#slow ? 'From now on, 1.7 kB a second' : 'The network is fast again');
		});
		$('everything').addEventListener('click', () => this.#sequence ? this.#sequence.abort() : this.#breakEverything());
	}

	#button(id, text, action) {
		$(id).addEventListener('click', async () => {
			try {
				notice(text);
				await action();
			}
			catch {
				notice('The server does not answer; nothing was broken');
			}
		});
	}

	#route(slow) {
		this.#slow = slow && Boolean(this.#slowPort);
		$('slow').setAttribute('aria-pressed', this.#slow);
		this.dispatchEvent(new Event('rerouted'));
	}

	async #breakEverything() {
		const { signal } = this.#sequence = new AbortController();
		const steps = [
			[0, 'cut', api.cutConnection],
			[3, 'slow network', () => this.#route(true)],
			[6, 'cut, and slow', api.cutConnection],
			[9, 'fast network', () => this.#route(false)],
			[11, 'no network', () => this.#leave()],
			[14, 'network back', () => this.#return()],
			[16, 'token expires', api.expireToken],
		];
		const end = 20;
		for (let second = 0; second < end && !signal.aborted; second++) {
			const [, name, action] = steps.find(([at]) => at === second) ?? [];
			if (action) {
				notice(`Breaking everything: ${name}`);
				await Promise.resolve(action()).catch(() => notice(`The server does not answer; not broken: ${name}`));
			}
			$('everything').querySelector('span').textContent = `Stop breaking (${end - second} s)`;
			await pause(SECOND, signal);
		}
		this.#sequence = undefined;
		this.#return();
		if (this.#slow) {
			this.#route(false);
		}
		$('everything').querySelector('span').replaceChildren('Everything ', element('i', {}, 'for 20 s'));
		this.dispatchEvent(new Event('everything'));
	}

	/** Simulates an offline device, which a page can only do by dropping its connection without reconnecting. */
	#leave() {
		this.#offline = true;
		return api.cutConnection();
	}

	#return() {
		if (this.#offline) {
			this.#offline = false;
			this.dispatchEvent(new Event('rerouted'));
		}
	}

}

function pause(delay, signal) {
	return new Promise((resolve) => {
		const timer = setTimeout(resolve, delay);
		signal.addEventListener('abort', () => {
			clearTimeout(timer);
			resolve();
		}, { once: true });
	});
}

export const breakage = new Breakage();
