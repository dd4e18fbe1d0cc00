// The field for the next message. Drafts belong to a conversation, and survive a reload.

import { $, announce } from './dom.js';
import { tabStore } from './store.js';
import { sends } from './typing.js';
import { userName } from './user.js';

const MOST = 20_000;
const COUNTED = 18_000;

export class Composer {

	#input = $('input');
	#conversation = 'new';
	#placeholder = this.#input.placeholder;

	/** @param {(content: string) => void} say sends the text of the field */
	constructor(say) {
		$('form').addEventListener('submit', (event) => {
			event.preventDefault();
			const content = this.#input.value.trim();
			if (content.length > MOST) {
				announce($('length').textContent);
			}
			else if (content && !this.#input.disabled) {
				this.#set('');
				say(content);
			}
			this.#input.focus();
		});
		this.#input.addEventListener('keydown', (event) => {
			if (sends(event)) {
				event.preventDefault();
				$('form').requestSubmit();
			}
		});
		this.#input.addEventListener('input', () => this.#changed());
	}

	/** Shows the draft of a conversation. @param sessionId its session; undefined for a new one */
	open(sessionId) {
		this.#conversation = sessionId ?? 'new';
		this.#input.disabled = $('send').disabled = false;
		this.#input.placeholder = this.#placeholder;
		this.#set(tabStore.read(this.#key) ?? '');
	}

	/** Assigns the draft of the new conversation to its session. */
	began(sessionId) {
		if (this.#conversation === 'new') {
			tabStore.write(this.#key);
			this.#conversation = sessionId;
			this.#changed();
		}
	}

	/** Disables the field, because the conversation has ended. */
	disable(why) {
		this.#input.disabled = $('send').disabled = true;
		this.#input.placeholder = why;
	}

	/** Puts a withdrawn message back into the field. */
	putBack(content) {
		this.#set([content, this.#input.value].filter(Boolean).join('\n\n'));
		this.#input.focus();
	}

	/** Puts a message that could not be sent into the field of a new conversation. */
	keepForNew(content) {
		if (this.#conversation === 'new') {
			this.putBack(content);
		}
		else {
			const key = draftKey('new');
			tabStore.write(key, [content, tabStore.read(key)].filter(Boolean).join('\n\n'));
		}
	}

	/** Focuses the field, unless that would open an on-screen keyboard. */
	focus() {
		if (matchMedia('(hover: hover)').matches) {
			this.#input.focus();
		}
	}

	get #key() {
		return draftKey(this.#conversation);
	}

	#set(text) {
		this.#input.value = text;
		this.#changed();
	}

	#changed() {
		const { value } = this.#input;
		const { length } = value.trim();
		const digits = new Intl.NumberFormat();
		tabStore.write(this.#key, value || undefined);
		$('length').hidden = length < COUNTED;
		$('length').textContent = length > MOST
			? `Too long to send: ${digits.format(length)} characters; the maximum is ${digits.format(MOST)}. Shorten it, or send it in parts.`
			: `${digits.format(length)} of ${digits.format(MOST)} characters`;
		this.#input.setAttribute('aria-invalid', length > MOST);
	}

}

const draftKey = (conversation) => `draft ${userName()} ${conversation}`;
