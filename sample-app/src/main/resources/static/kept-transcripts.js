// The last conversations as they were last shown, for display until the server answers.

import { store } from './store.js';
import { userName } from './user.js';

const CONVERSATIONS = 5;
const MESSAGES = 40;
const CHARACTERS = 100_000;

const key = () => `transcripts ${userName()}`;

/** @returns the messages of a conversation; undefined if it is unknown */
export const keptTranscript = (sessionId) => sessionId ? store.read(key())?.[sessionId] : undefined;

/** @param messages objects of role, content, at and status; undefined removes the conversation */
export function keepTranscript(sessionId, messages) {
	const { [sessionId]: _, ...others } = store.read(key()) ?? {};
	const newest = Object.entries(others).slice(1 - CONVERSATIONS);
	store.write(key(), Object.fromEntries([...newest, ...(messages ? [[sessionId, shortened(messages)]] : [])]));
}

function shortened(messages) {
	let left = CHARACTERS;
	const kept = [];
	for (const message of messages.slice(-MESSAGES).reverse()) {
		left -= message.content.length;
		if (left < 0) {
			break;
		}
		kept.unshift(message);
	}
	return kept;
}
