// Commands for the real starter: see Starter.java.

import assert from 'node:assert/strict';

export const { STARTER_URL, STARTER_CONTROL } = process.env;

/** Tells the server, its model, or the network between what to do. */
export async function control(command, body = {}) {
	const response = await fetch(STARTER_CONTROL + command, { method: 'POST', body: JSON.stringify(body) });
	const text = await response.text();
	assert.equal(response.status, 200, text);
	return JSON.parse(text);
}

/** Makes the network, and the model, as they were. */
export async function mend() {
	for (const command of ['stopCutting', 'resume', 'acceptAgain', 'open']) {
		await control(command);
	}
}

export const pieces = (count) => Array.from({ length: count }, (_, i) => `piece ${i}; `);

/** Has the model wait before each piece of the answer until it is let on. Returns the whole answer. */
export const gatedAnswer = (count = 10) => control('answer', { pieces: pieces(count), gated: true });
