// Simulates a page in Node for React.

import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://localhost/', pretendToBeVisual: true });
const { document, navigator, AbortController, AbortSignal } = window;
// the document does not accept Node's own signals
Object.assign(globalThis, { window, document, AbortController, AbortSignal });
Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
globalThis.requestAnimationFrame = window.requestAnimationFrame.bind(window);

const { createRoot } = await import('react-dom/client');
const { flushSync } = await import('react-dom');
const roots = new Set();

/** Renders an element, and returns its container. */
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
