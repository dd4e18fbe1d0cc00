// Short messages at the bottom of the page. Each stays long enough to be read before the next takes its place.

import { $, announce } from './dom.js';

const READABLE = 2_500;
const MOST = 2; // maximum number of waiting messages; older ones are outdated

const queue = [];
let shownAt = -READABLE;
let timer;

/** Shows and announces a message. */
export function notice(text) {
	queue.push(text);
	queue.splice(0, queue.length - MOST);
	next();
}

function next() {
	const wait = shownAt + READABLE - performance.now();
	if (!queue.length || timer) {
		return;
	}
	if (wait > 0) {
		timer = setTimeout(() => {
			timer = undefined;
			next();
		}, wait);
		return;
	}
	const text = queue.shift();
	shownAt = performance.now();
	$('notice').textContent = $('notice').title = text;
	announce(text);
	next();
}
