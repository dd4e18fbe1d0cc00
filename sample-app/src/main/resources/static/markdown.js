// Renders the Markdown of a model safely: its HTML is sanitized to a short list of elements and attributes, and the
// page's policy allows only scripts of the server.

import { Marked } from '/webjars/marked/lib/marked.esm.js';
import '/_static/dompurify/3.4.15/dist/purify.min.js';
import { copyButton, element } from './dom.js';
import { patch } from './patch.js';
import { watchSideways } from './sideways.js';

const { DOMPurify } = globalThis;

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const marked = new Marked({
	gfm: true,
	breaks: true,
	renderer: {
		code: ({ text, lang }) => `<pre data-lang="${escape(lang ?? '')}"><code>${escape(text)}</code></pre>\n`,
		// HTML is shown as text
		html: ({ text }) => /^<br\s*\/?>$/i.test(text.trim()) ? '<br>' : escape(text),
		// loading an image would reveal the reader to another server
		image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
	},
});

const ALLOWED = {
	ALLOWED_TAGS: ['a', 'blockquote', 'br', 'code', 'del', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'input', 'li', 'ol', 'p',
		'pre', 'strong', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'ul'],
	ALLOWED_ATTR: ['align', 'checked', 'data-lang', 'disabled', 'href', 'start', 'title', 'type'],
	ALLOW_DATA_ATTR: false,
	ALLOW_ARIA_ATTR: false,
	ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
	ADD_URI_SAFE_ATTR: ['align', 'checked', 'data-lang', 'disabled', 'start', 'type'], // no addresses
	RETURN_DOM_FRAGMENT: true,
};

// number of lines after a block that may still become part of it, or change its type
const OPEN_LINES = 3;

// number of open items of a growing list: the last one may continue, and the gap before it may turn items into paragraphs
const OPEN_ITEMS = 2;

/**
 * Shows a growing text. Blocks and list items before the end are final: they are neither parsed nor rendered
 * again. Only the differences of the open end change in the document, so a selection there is kept.
 */
export class MarkdownView {

	#target;
	#text = '';
	#open = 0; // where the open end begins in the text
	#last; // the node before it in the document
	#headings = []; // depths of the headings above it
	#list; // the list in which the open end begins, if any
	#whole = false; // whether the text has link definitions, which apply to all of it

	constructor(target) {
		this.#target = target;
	}

	show(text) {
		const normal = text.replace(/\r\n?/g, '\n');
		if (!normal.startsWith(this.#text)) {
			this.#reopen();
			this.#whole = false;
		}
		this.#text = normal;
		const tokens = this.#parse();
		const settled = tokens.slice(0, this.#whole ? 0 : firstOpen(tokens));
		const open = tokens.slice(settled.length);
		const above = settled.flatMap((token) => render(token, this.#headings));
		const nodes = [...above, ...open.flatMap(rendererOf([...this.#headings]))];
		if (this.#list) {
			nodes[0] = this.#list.append(nodes[0]);
		}
		const shown = patch(this.#target, nodes, after(this.#target, this.#last));
		this.#settle(settled, shown[above.length - 1]);
		if (open[0]?.type === 'list' && !this.#whole) {
			this.#settleItems(open[0], shown[above.length]);
		}
		watchSideways(this.#target);
	}

	#parse() {
		let tokens = marked.lexer(this.#text.slice(this.#open));
		if (this.#list && !this.#list.continuesWith(tokens[0])) {
			this.#open = this.#list.begin;
			this.#list = undefined;
			tokens = marked.lexer(this.#text.slice(this.#open));
		}
		if (!this.#whole && Object.keys(tokens.links).length > 0) {
			this.#reopen();
			this.#whole = true;
			tokens = marked.lexer(this.#text);
		}
		return tokens;
	}

	#settle(tokens, last) {
		if (tokens.length > 0) {
			this.#open += length(tokens);
			this.#last = last ?? this.#last;
			this.#list = undefined;
		}
	}

	#settleItems(token, list) {
		const items = token.items.slice(0, -OPEN_ITEMS);
		if (items.length > 0) {
			this.#list ??= new GrowingList(list, token, this.#open);
			this.#list.settleAllBut(OPEN_ITEMS);
			this.#open += length(items);
		}
	}

	#reopen() {
		this.#open = 0;
		this.#last = undefined;
		this.#headings = [];
		this.#list = undefined;
	}

}

/** A list of which only the last items are parsed again. */
class GrowingList {

	#element;
	#last; // the node before the first open item
	#marker;
	#loose;

	/** @param begin where the list begins in the text */
	constructor(element, token, begin) {
		this.begin = begin;
		this.#element = element;
		this.#marker = marker(token);
		this.#loose = token.loose;
	}

	settleAllBut(items) {
		const { children } = this.#element;
		this.#last = children[children.length - items].previousSibling;
	}

	/** @returns whether the items of a parsed list look the same within this one */
	continuesWith(token) {
		return token?.type === 'list' && marker(token) === this.#marker && token.loose === this.#loose;
	}

	/** Shows the open items. @returns the list */
	append(open) {
		const items = [...open.childNodes].slice(1); // a line break is before the first, and after each
		patch(this.#element, items, this.#last.nextSibling);
		return this.#element;
	}

}

const after = (parent, node) => node ? node.nextSibling : parent.firstChild;

const length = (tokens) => tokens.reduce((sum, { raw }) => sum + raw.length, 0);

const marker = ({ raw }) => raw.match(/^\s*\d*(\D)/)[1];

/** @returns the index of the first token that may change when the text grows */
function firstOpen(tokens) {
	let first = tokens.findLastIndex(({ type }) => type !== 'space');
	let lines = 0;
	while (first > 0 && (lines += lineBreaks(tokens[first])) < OPEN_LINES) {
		const isApart = tokens[first - 1].type === 'space'; // after a blank line, only a list may continue
		const before = isApart ? first - 2 : first - 1;
		if (before < 0 || isApart && tokens[before].type !== 'list') {
			return first;
		}
		first = before;
	}
	return Math.max(first, 0);
}

// HTML does not separate the text before it from an underline, which makes both a heading
const lineBreaks = ({ type, raw }) => type === 'html' ? 0 : raw.split('\n').length - 1;

const rendererOf = (headings) => (token) => render(token, headings);

/** @param {number[]} headings depths of the headings above, each deeper than the one before; changed by a heading */
function render(token, headings) {
	const fragment = DOMPurify.sanitize(marked.parser([token]), ALLOWED);
	for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
		heading.setAttribute('aria-level', level(heading, headings));
	}
	for (const link of fragment.querySelectorAll('a')) {
		link.target = '_blank';
		link.rel = 'noopener noreferrer';
	}
	for (const box of fragment.querySelectorAll('input')) { // of a task list
		box.type = 'checkbox';
		box.disabled = true;
		box.setAttribute('aria-label', 'Done');
		box.closest('li')?.classList.add('task');
	}
	for (const table of fragment.querySelectorAll('table')) {
		const frame = element('div', { class: 'table sideways', data: { label: 'Table' } });
		table.replaceWith(frame);
		frame.append(table);
	}
	for (const pre of fragment.querySelectorAll('pre')) {
		pre.replaceWith(codeBlock(pre));
	}
	for (const block of fragment.children) {
		block.dir ||= 'auto';
	}
	return [...fragment.childNodes];
}

/** The page's heading has level 1, so the first heading in an answer has level 2, and no level is skipped. */
function level(heading, headings) {
	if (heading.parentNode.parentNode) {
		return headings.length + 2; // in a quotation or a list
	}
	const depth = Number(heading.localName[1]);
	while (headings.at(-1) >= depth) {
		headings.pop();
	}
	return headings.push(depth) + 1;
}

function codeBlock({ dataset, textContent }) {
	const language = dataset.lang?.match(/^[\w#+-]{1,20}/)?.[0] ?? 'text';
	const code = element('code', {}, textContent);
	return element('figure', { class: 'code', dir: 'ltr' },
		element('figcaption', {}, element('span', {}, language), copyButton('Copy code', () => code.textContent)),
		element('pre', { class: 'sideways', data: { label: `Code: ${language}` } }, code));
}
