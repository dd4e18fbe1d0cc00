// A strict TypeScript consumer of the client; it is compiled, not run.

import { WebSocket as NodeWebSocket } from 'ws';
import { ResumableWebSocket, ResumableWebSocketError } from 'resumable-ws-client';
import { CloseCode, ErrorCode } from 'resumable-ws-client/codes';
import { unsent } from 'resumable-ws-client/unsent';
import type { EphemeralEvent, Reply, ResumableWebSocketOptions, StatusDetail } from 'resumable-ws-client';

interface AppEvents {
	order_shipped: { order: number };
	typing: EphemeralEvent<{ on: boolean }>;
}

const options: ResumableWebSocketOptions = {
	getToken: async ({ attempt, refused, signal }) => (await fetch(`/token?${attempt}`, { signal, cache: refused ? 'reload' : 'default' })).text(),
	WebSocket: NodeWebSocket,
	resume: 'cursor',
	presence: true,
	transports: ['websocket', 'longpoll'],
};
const socket = new ResumableWebSocket<AppEvents>(() => '/ws', options);

socket.addEventListener('order_shipped', ({ detail }) => {
	const order: number = detail.payload.order;
	// @ts-expect-error payloads are typed
	detail.payload.color;
	return order;
});
socket.addEventListener('typing', ({ detail }) => {
	const on: boolean = detail.payload.on;
	// @ts-expect-error an ephemeral event has no id
	detail.event_id;
	return on;
});
socket.addEventListener('presence', ({ detail }) => detail.joined.map(({ connection_id, user_id }) => connection_id + user_id));
socket.sendEphemeral('typing', { on: true });
socket.addEventListener('user_message', ({ detail }) => detail.payload.content.trim());
socket.addEventListener('anything_else', ({ detail }) => detail.event_id + detail.payload.anything);

const onStatus = ({ detail }: CustomEvent<StatusDetail>) => detail.reason === ErrorCode.SIGN_IN_REFUSED || detail.code === CloseCode.SUPERSEDED;
socket.addEventListener('status', onStatus);
socket.removeEventListener('status', onStatus);
// @ts-expect-error a listener of another event
socket.addEventListener('status', ({ detail }: CustomEvent<Reply>) => detail.text);

socket.addEventListener('reply', async ({ detail: reply }) => {
	reply.addEventListener('delta', ({ detail: piece }) => piece.trim());
	for await (const text of reply) {
		text.trim();
	}
	// @ts-expect-error no such status
	return reply.status === 'over';
});

for (const { key, message, time, promise } of socket.outbox) {
	promise.then(({ eventId = 0 }) => eventId + time);
	socket.withdraw(key, message.type);
}
socket.send({ type: 'vote', payload: 1 }, { signal: AbortSignal.timeout(1_000) }).catch((error: unknown) => {
	if (error instanceof ResumableWebSocketError && error.code === ErrorCode.CLOSED) {
		socket.reconnect({ force: true });
	}
});
const waiting: number = unsent({ url: '/ws', name: 'alice' }).reduce((sum, { count }) => sum + count, 0);
// @ts-expect-error not an option of unsent
unsent({ url: '/ws', maxOutbox: 1 });
// @ts-expect-error no such transport
new ResumableWebSocket('/ws', { transports: ['carrier pigeon'] }).transport === 'sse';
// @ts-expect-error no such option
new ResumableWebSocket('/ws', { maxDelays: waiting });
new ResumableWebSocket('/ws').addEventListener('order_shipped', ({ detail }) => detail.payload.order);
