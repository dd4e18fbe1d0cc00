// Markdown, safely: what a model says is made into HTML, what that HTML may hold is a short list, and the page's policy
// runs no script but the server's own.

import { Marked } from '/webjars/marked/lib/marked.esm.js';
import DOMPurify from '/_static/dompurify/3.4.15/dist/purify.es.mjs';
import { copyButton, element } from './dom.js';

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const marked = new Marked({
	gfm: true,
	breaks: true,
	renderer: {
		// shown as it was said
		html: ({ text }) => /^<br\s*\/?>$/i.test(text.trim()) ? '<br>' : escape(text),
		// loading one would tell another server who reads this
		image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
	},
});

const ALLOWED = {
	ALLOWED_TAGS: ['a', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'input', 'li', 'ol', 'p',
		'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
	ALLOWED_ATTR: ['align', 'checked', 'disabled', 'href', 'start', 'title', 'type'],
	ALLOW_DATA_ATTR: false,
	ALLOW_ARIA_ATTR: false,
	ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
	RETURN_DOM_FRAGMENT: true,
};

/** Shows a text that grows. What is above the part that changes stays as it is, with whatever is selected there. */
export class MarkdownView {

	#target;
	#blocks = [];

	constructor(target) {
		this.#target = target;
	}

	show(text) {
		const tokens = marked.lexer(text);
		let same = 0;
		while (same < tokens.length && this.#blocks[same]?.raw === tokens[same].raw) {
			same++;
		}
		const changed = this.#blocks[same];
		if (same === this.#blocks.length - 1 && same === tokens.length - 1 && changed.code && isSame(changed, tokens[same])) {
			changed.raw = tokens[same].raw;
			changed.code.textContent = tokens[same].text;
			return;
		}
		this.#blocks.splice(same).forEach(({ nodes }) => nodes.forEach((node) => node.remove()));
		for (const token of tokens.slice(same)) {
			const block = token.type === 'code' ? codeBlock(token) : { nodes: [...html(token).childNodes] };
			this.#target.append(...block.nodes);
			this.#blocks.push({ ...block, raw: token.raw });
		}
	}

}

const isSame = (block, { type, lang }) => type === 'code' && block.lang === lang;

function codeBlock({ text, lang }) {
	const code = element('code', {}, text);
	const figure = element('figure', { class: 'code' },
		element('figcaption', {}, element('span', {}, lang?.match(/^[\w#+-]{1,20}/)?.[0] ?? 'text'),
			copyButton('Copy code', () => code.textContent)),
		element('pre', { tabindex: 0 }, code));
	return { nodes: [figure], code, lang };
}

function html(token) {
	const fragment = DOMPurify.sanitize(marked.parser([token]), ALLOWED);
	for (const link of fragment.querySelectorAll('a')) {
		link.target = '_blank';
		link.rel = 'noopener noreferrer';
	}
	for (const table of fragment.querySelectorAll('table')) {
		const frame = element('div', { class: 'table', tabindex: 0 });
		table.replaceWith(frame);
		frame.append(table);
	}
	for (const box of fragment.querySelectorAll('input')) { // of a task list
		box.type = 'checkbox';
		box.disabled = true;
	}
	return fragment;
}
