// A page for React in Node.

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/', pretendToBeVisual: true });
const { document, navigator, AbortController, AbortSignal } = window;
// a signal of Node's own is none for the document
Object.assign(globalThis, { window, document, AbortController, AbortSignal });
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
globalThis.requestAnimationFrame = window.requestAnimationFrame.bind(window);

const { createRoot } = await import('react-dom/client');
const { flushSync } = await import('react-dom');
const roots = new Set();

/** Shows an element, and returns where. */
export function mount(element) {
	const container = document.body.appendChild(document.createElement('main'));
	const root = createRoot(container);
	roots.add(root);
	flushSync(() => root.render(element));
	return Object.assign(container, {
		show: (next) => flushSync(() => root.render(next)),
		leave: () => flushSync(() => root.unmount()),
		texts: (selector = 'li') => [...container.querySelectorAll(selector)].map((node) => node.textContent),
	});
}

export function unmountAll() {
	roots.forEach((root) => root.unmount());
	roots.clear();
	document.body.replaceChildren();
}
