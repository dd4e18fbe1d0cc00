// Commands for Starter.java.

import assert from 'node:assert/strict';

export const { STARTER_URL, STARTER_CONTROL } = process.env;

/** Sends a command to the server, its model or the network. */
export async function control(command, body = {}) {
	const response = await fetch(STARTER_CONTROL + command, { method: 'POST', body: JSON.stringify(body) });
	const text = await response.text();
	assert.equal(response.status, 200, text);
	return JSON.parse(text);
}

/** Restores the network and the model. */
export async function restore() {
	for (const command of ['stopCutting', 'resume', 'accept', 'open']) {
		await control(command);
	}
}

export const pieces = (count) => Array.from({ length: count }, (_, i) => `piece ${i}; `);

/** Makes the model wait before each piece of the answer until the piece is released. Returns the whole answer. */
export const gatedAnswer = (count = 10) => control('answer', { pieces: pieces(count), gated: true });
