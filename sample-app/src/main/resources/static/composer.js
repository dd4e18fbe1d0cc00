// The field for the next message. What is typed belongs to a conversation, and is there again after a reload.

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

	/** @param {(content: string) => void} say says what was typed */
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

	/** Shows what was typed in a conversation before. @param sessionId nothing for a new one */
	open(sessionId) {
		this.#conversation = sessionId ?? 'new';
		this.#input.disabled = $('send').disabled = false;
		this.#input.placeholder = this.#placeholder;
		this.#set(tabStore.read(this.#key) ?? '');
	}

	/** The new conversation has a session; what is typed belongs to that. */
	began(sessionId) {
		if (this.#conversation === 'new') {
			tabStore.write(this.#key);
			this.#conversation = sessionId;
			this.#changed();
		}
	}

	/** The conversation has ended, and takes no messages. */
	disable(why) {
		this.#input.disabled = $('send').disabled = true;
		this.#input.placeholder = why;
	}

	/** Puts a message that was taken back where it came from. */
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

	/** Not where that would bring up a keyboard that hides half of the page. */
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
			? `Too long to send: ${digits.format(length)} characters, and ${digits.format(MOST)} are the most. Shorten it, or send it in parts.`
			: `${digits.format(length)} of ${digits.format(MOST)} characters`;
		this.#input.setAttribute('aria-invalid', length > MOST);
	}

}

const draftKey = (conversation) => `draft ${userName()} ${conversation}`;
