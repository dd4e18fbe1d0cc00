// A strict consumer of the types of both entries.

import type { ChatTransport, UIMessage } from 'ai';
import { ResumableChatError, ResumableChatTransport, type ReplyMetadata } from 'resumable-ws-client/ai-sdk';
import {
	useConnection, useConversation, useReply, useResumableWebSocket, useSocketEvent, type ConversationMessage,
} from 'resumable-ws-client/react';

type Mine = UIMessage<ReplyMetadata & { starred?: boolean }>;

export const transport: ChatTransport<Mine> = new ResumableChatTransport<Mine>({
	url: () => 'wss://example.com/ws',
	getToken: async ({ refused }) => (refused ? 'fresh' : 'cached'),
	sessionOf: async (chatId) => (chatId === 'new' ? null : undefined),
	onSession: ({ chatId, sessionId }) => console.log(chatId.length, sessionId.length),
});

// @ts-expect-error chats have sessions, the transport has none
new ResumableChatTransport({ url: '/ws', sessionId: 'x' });

// @ts-expect-error the URL is required
new ResumableChatTransport({});

export const usage = async (made: ResumableChatTransport): Promise<unknown> => (await made.messages('chat'))[0]?.metadata?.usage;

export const codeOf = (error: unknown): 'unsupported' | 'closed' | undefined => (error instanceof ResumableChatError ? error.code : undefined);

export function useEverything(): string {
	const { status, delay, outbox, pending } = useConnection();
	const { messages, send, withdraw } = useConversation();
	const reply = useReply();
	const socket = useResumableWebSocket();
	useSocketEvent('order_shipped', ({ event_id, payload }) => console.log(event_id + 1, payload));
	useSocketEvent('status', (detail) => console.log(detail.attempt + 1, detail.status));
	// @ts-expect-error a status has no payload
	useSocketEvent('status', (detail) => console.log(detail.payload));
	const last: ConversationMessage | undefined = messages.at(-1);
	if (last?.role === 'user') {
		withdraw(last.id);
		// @ts-expect-error only replies have attempts
		console.log(last.attempt);
	}
	void send('Hello').then(({ eventId }) => eventId);
	return `${status} ${delay ?? 0} ${pending} ${outbox.map(({ key }) => key).join()} ${reply?.text.length} ${socket?.lastEventId} ${last?.text}`;
}
