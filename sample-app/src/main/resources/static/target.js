// The recipient of messages: the model or the upstream. Each conversation has its own choice. Without one, the last message
// decides.

import { $, announce } from './dom.js';
import { tabStore } from './store.js';
import { UPSTREAM } from './upstream.js';
import { userName } from './user.js';

const MODEL = 'model';

export class Target {

	#conversation = 'new';
	#target = MODEL;
	#loaded = false;
	#placeholder = $('input').placeholder;

	constructor() {
		$('upstream').addEventListener('click', () => {
			this.#choose(this.#target === MODEL ? UPSTREAM : MODEL);
			tabStore.write(this.#key, this.#target);
			announce(this.#target === MODEL ? 'Messages go to the model' : $('upstream-hint').textContent);
			$('input').focus();
		});
	}

	/** The recipient of the next message; undefined for the model. */
	get current() {
		return this.#target === MODEL ? undefined : this.#target;
	}

	/** Shows the choice of a conversation. @param sessionId its session; undefined for a new one */
	open(sessionId) {
		this.#conversation = sessionId ?? 'new';
		this.#loaded = false;
		$('upstream').disabled = false;
		this.#choose(tabStore.read(this.#key) ?? MODEL);
	}

	/** Assigns the choice of the new conversation to its session. */
	began(sessionId) {
		if (this.#conversation === 'new') {
			const chosen = tabStore.read(this.#key);
			tabStore.write(this.#key);
			this.#conversation = sessionId;
			tabStore.write(this.#key, chosen);
		}
	}

	/** Handles a message in the conversation. @param to its recipient; undefined for the model */
	said(to = MODEL) {
		if (!this.#loaded && tabStore.read(this.#key) === undefined) {
			this.#choose(to);
		}
	}

	/** Handles the end of the replay. */
	loaded() {
		this.#loaded = true;
	}

	/** Disables the choice, because the conversation accepts no messages. */
	disable() {
		$('upstream').disabled = true;
		$('upstream-options').hidden = true;
	}

	get #key() {
		return `target ${userName()} ${this.#conversation}`;
	}

	#choose(target) {
		this.#target = target;
		const upstream = target === UPSTREAM;
		$('upstream').setAttribute('aria-pressed', upstream);
		$('upstream-options').hidden = !upstream;
		if (!$('input').disabled) {
			$('input').placeholder = upstream ? 'To the upstream' : this.#placeholder;
		}
	}

}
