// The buttons that break things. What they do is real: connections are reset by the server, tokens expire, the bytes of
// a slow network are slow, and the server that restarts was away.

import { $ } from './dom.js';
import { api } from './api.js';

let slowPort; // while the network is slow
let current;

/** A WebSocket that takes the slow way to the server if it is told to. */
export class RoutedWebSocket extends WebSocket {

	constructor(address, protocols) {
		const url = new URL(address);
		if (slowPort) {
			url.port = slowPort;
		}
		super(url, protocols);
		current = this;
	}

}

let offered;

/** Shows the buttons where they are allowed. To be called whenever the server is there; asks it once. */
export async function offerBreakage(notice) {
	if (offered) {
		return;
	}
	offered = true;
	const permission = await api.permission().catch(() => undefined);
	if (!permission) {
		offered = false;
		return;
	}
	const { allowed, slowPort: port } = permission;
	$('breakage').hidden = !allowed;
	$('slow').hidden = !port || location.protocol !== 'http:';
	const breaks = (id, text, action) => $(id).addEventListener('click', async () => {
		try {
			notice(text);
			await action();
		}
		catch {
			notice('The server does not answer; nothing was broken');
		}
	});
	breaks('cut', 'The server resets the connection', api.cutConnection);
	breaks('expire', 'The next token lives for 3 seconds, then the server closes with 4401', api.expireToken);
	breaks('restart', 'The server restarts; it comes back in a few seconds', api.restartServer);
	$('slow').addEventListener('click', () => {
		slowPort = slowPort ? undefined : port;
		$('slow').setAttribute('aria-pressed', Boolean(slowPort));
		notice(slowPort ? 'From now on, 1.7 kB a second' : 'The network is fast again');
		current?.close(4000, 'another way'); // which the client takes
	});
}
