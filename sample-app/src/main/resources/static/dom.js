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

export function icon(name) {
	const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
	const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
	use.setAttribute('href', `icons.svg#${name}`);
	svg.setAttribute('aria-hidden', 'true');
	svg.append(use);
	return svg;
}

/** A button that copies a text, and says so. */
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
		// not on a plain http page of another machine, where the old way still works
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

/** Says something to those who do not see the page. */
export function announce(text) {
	$('announcer').textContent = text;
}
