// The dialog that opens this conversation's user on another device: an address to choose, its QR code, and the link.

import { $, copy, drawn, element } from './dom.js';
import { api } from './api.js';

const MARGIN = 4; // in modules; readers need it to find the code

/** Creates a code and shows it. @throws the server's response if there is no code */
export async function openDeviceDialog() {
	const { minutes, links } = await api.deviceCode();
	const dialog = $('device-dialog');
	dialog.replaceChildren(form(minutes, links));
	// the code is valid until it is used, so it does not remain in the page
	dialog.addEventListener('close', () => dialog.replaceChildren(), { once: true });
	dialog.showModal();
	$('device-link').select();
}

function form(minutes, links) {
	const code = element('div', { id: 'device-qr' });
	const link = element('input', { id: 'device-link', readonly: true, 'aria-label': 'Link' });
	const copyLink = element('button', { type: 'button', id: 'copy-link', class: 'primary', onclick: async () => {
		copyLink.textContent = await copy(link.value) ? 'Copied' : 'Press Ctrl+C';
		link.select();
	} }, 'Copy link');
	const show = (shown) => {
		code.replaceChildren(qrCode(shown.qr));
		code.hidden = !shown.network;
		link.value = shown.link;
		copyLink.textContent = 'Copy link';
	};
	show(links[0]);
	return element('form', { method: 'dialog' },
		element('h2', { id: 'device-heading' }, 'Open on another device'),
		element('p', {}, `Anyone who opens this link is signed in as you, with all your conversations. It works once, within ${minutes} minutes.`),
		...links.length > 1 ? [addresses(links, show)] : [],
		code,
		link,
		...links[0].network ? [] : [hint()],
		element('div', { class: 'choices' }, element('button', { value: 'close' }, 'Close'), copyLink));
}

function addresses(links, show) {
	const select = element('select', { id: 'device-address', onchange: () => show(links[select.selectedIndex]) },
		...links.map(({ address, network }) => element('option', {}, network ? address : `${address} (this machine only)`)));
	return element('label', {}, 'Address of this machine ', select);
}

function hint() {
	return element('p', { id: 'device-local', class: 'faint' }, 'This address leads to another browser on this machine. For a phone in the same network, start the application with ',
		element('code', {}, '--spring.profiles.active=lan'), '.');
}

function qrCode({ size, path }) {
	const svg = drawn('svg', { viewBox: `${-MARGIN} ${-MARGIN} ${size + 2 * MARGIN} ${size + 2 * MARGIN}`,
		role: 'img', 'aria-label': 'QR code of the link', 'shape-rendering': 'crispEdges' });
	Object.assign(svg.style, { width: '14rem', height: '14rem', stroke: 'none' }); // icons are smaller, and drawn with lines
	// dark on light in every theme, because many readers require it
	svg.append(drawn('rect', { x: -MARGIN, y: -MARGIN, width: size + 2 * MARGIN, height: size + 2 * MARGIN, fill: '#fff' }),
		drawn('path', { d: path, fill: '#000' }));
	return svg;
}
