// Marks in a text that is rendered again while it grows. A place is a number of characters without white space, which does
// not depend on how the text is rendered.

import { element } from './dom.js';

export class Marks {

	#body;
	#marks = []; // in the order of their places

	constructor(body) {
		this.#body = body;
	}

	/** The place of the current end of the text. */
	get end() {
		let count = 0;
		for (const node of textNodes(this.#body)) {
			count += solid(node.data);
		}
		return count;
	}

	/** @returns a mark, whose caption can be changed with `caption(text, title)` */
	add(at) {
		// the text is an attribute: it belongs neither to the answer nor to what is copied
		const span = element('span', { class: 'cut', role: 'note' });
		const mark = { at, span, caption(text, title) {
			span.dataset.text = text;
			span.setAttribute('aria-label', text);
			span.title = title ?? '';
		} };
		this.#marks.push(mark);
		this.#marks.sort((a, b) => a.at - b.at);
		return mark;
	}

	/** Takes over the marks of a text that this one replaces, at the same places; copies stay in the other. */
	adopt(marks) {
		this.#marks = marks.#marks;
		for (const mark of this.#marks) {
			mark.span.replaceWith(mark.span.cloneNode());
			mark.split = undefined;
		}
	}

	/** Removes the marks from the part that may be rendered again, and restores its text. */
	lift() {
		const growing = [...this.#body.children].slice(-2);
		for (const mark of [...this.#marks].reverse()) {
			if (!mark.span.isConnected || mark.span.parentNode === this.#body || growing.some((block) => block.contains(mark.span))) {
				const [before, after] = [mark.span.previousSibling, mark.span.nextSibling];
				mark.span.remove();
				if (mark.split && before?.nodeType === Node.TEXT_NODE && after === mark.split) {
					before.appendData(after.data);
					after.remove();
				}
				mark.split = undefined;
			}
		}
	}

	place() {
		for (const mark of this.#marks) {
			if (!mark.span.isConnected) {
				const [node, offset] = find(this.#body, mark.at);
				if (!node) {
					this.#body.prepend(mark.span);
				}
				else {
					const code = node.parentElement.closest(':not(pre) > code'); // inline code is not split
					mark.split = !code && offset < node.length ? node.splitText(offset) : undefined;
					let last = code ?? node;
					while (last.nextSibling?.classList?.contains('cut')) {
						last = last.nextSibling; // a mark at the same place
					}
					last.after(mark.span);
				}
			}
		}
	}

	/** @returns the text between two places, as a range of the document */
	range(from, to) {
		const range = document.createRange();
		range.selectNodeContents(this.#body);
		const [start, startOffset] = find(this.#body, from);
		const [end, endOffset] = find(this.#body, to);
		if (start) {
			range.setStart(start, startOffset);
		}
		if (end) {
			range.setEnd(end, endOffset);
		}
		return range;
	}

}

function textNodes(root) {
	const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
		node.nodeType === Node.TEXT_NODE ? NodeFilter.FILTER_ACCEPT
			: node.localName === 'figcaption' ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP);
	const nodes = [];
	while (walker.nextNode()) {
		nodes.push(walker.currentNode);
	}
	return nodes;
}

const solid = (text) => text.replace(/\s+/g, '').length;

/** @returns the text node in which a place is, and the offset there; undefined for the place before all text */
function find(root, at) {
	let left = at;
	let last = [];
	for (const node of left > 0 ? textNodes(root) : []) {
		const count = solid(node.data);
		if (count >= left) {
			let offset = 0;
			while (left > 0) {
				left -= Number(!/\s/.test(node.data[offset++]));
			}
			return [node, offset];
		}
		left -= count;
		last = count ? [node, node.length] : last;
	}
	return last;
}
