import { clock } from './words.js';

export const $ = (id) => document.getElementById(id);

/** Creates an element: properties that start with `on` are listeners, `data` becomes the dataset, others are attributes. */
export function element(name, properties = {}, ...children) {
	const created = document.createElement(name);
	for (const [key, value] of Object.entries(properties)) {
		if (key.startsWith('on')) {
			created.addEventListener(key.slice(2), value);
		}
		else if (key === 'data') {
			Object.assign(created.dataset, value);
		}
		else if (value !== false && value !== undefined) {
			created.setAttribute(key, value === true ? '' : value);
		}
	}
	created.append(...children);
	return created;
}

/** Creates an element of a drawing. */
export function drawn(name, attributes, ...children) {
	const created = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes)) {
		created.setAttribute(key, value);
	}
	created.append(...children);
	return created;
}

export const icon = (name) => drawn('svg', { 'aria-hidden': 'true' }, drawn('use', { href: `icons.svg#${name}` }));

/** Shows where a message goes to or comes from. */
export const tag = (text) => element('span', { class: 'tag' }, text);

/** The time of a message. */
export const timeOf = (date) => element('time', { class: 'at', datetime: date.toISOString(), title: date.toLocaleString() }, clock(date));

/** @returns the value of the button that closed the dialog */
export function ask(dialog) {
	dialog.returnValue = '';
	dialog.showModal();
	return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue), { once: true }));
}

/** A button that copies a text and confirms it. */
export function copyButton(label, text) {
	const caption = element('span', {}, 'Copy');
	const button = element('button', { type: 'button', class: 'quiet copy', 'aria-label': label }, icon('copy'), caption);
	button.addEventListener('click', async () => {
		const copied = await copy(text());
		caption.textContent = copied ? 'Copied' : 'Not allowed';
		button.querySelector('use').setAttribute('href', `icons.svg#${copied ? 'check' : 'close'}`);
		announce(copied ? 'Copied' : 'Could not copy');
		setTimeout(() => {
			caption.textContent = 'Copy';
			button.querySelector('use').setAttribute('href', 'icons.svg#copy');
		}, 1_500);
	});
	return button;
}

/** @returns whether the text is on the clipboard */
export async function copy(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	}
	catch {
		// not available on plain HTTP pages of other machines, where the old API still works
		const focused = document.activeElement;
		const area = element('textarea', { class: 'unseen', readonly: true });
		area.value = text;
		document.body.append(area);
		area.select();
		const copied = document.execCommand('copy');
		area.remove();
		focused?.focus();
		return copied;
	}
}

/** Announces a text to screen readers. */
export function announce(text) {
	$('announcer').textContent = text;
}
