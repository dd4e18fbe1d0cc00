// How a message is typed: which key sends it, and how the field grows with it.

import { $ } from './dom.js';

// devices with an on-screen keyboard, on which Shift and Enter cannot be pressed together
const TOUCH = matchMedia('(hover: none) and (pointer: coarse)');

/** Safari reports a key that ends a composition after its end, with this code. */
const PROCESSED = 229;

/** @returns whether a key is meant for an input method, which writes Japanese or Chinese, for example */
export const isComposing = ({ isComposing, keyCode }) => isComposing || keyCode === PROCESSED;

/** @returns whether a key sends the message; on an on-screen keyboard, Enter begins a new line */
export const sends = (event) => event.key === 'Enter' && !event.shiftKey && !isComposing(event) && !TOUCH.matches;

const describeKeys = () => {
	$('keys').textContent = TOUCH.matches ? 'Enter begins a new line' : 'Enter sends, Shift and Enter begin a new line, Escape stops the answer';
};

TOUCH.addEventListener('change', describeKeys);
describeKeys();

// for browsers in which the style sheet cannot do it
if (!CSS.supports('field-sizing', 'content')) {
	const input = $('input');
	const grow = () => {
		input.style.height = 'auto';
		input.style.height = `${input.scrollHeight}px`;
	};
	const growSoon = () => requestAnimationFrame(grow); // when a script has changed it
	input.addEventListener('input', grow);
	input.addEventListener('focus', growSoon);
	$('form').addEventListener('submit', growSoon);
	addEventListener('hashchange', growSoon);
}
