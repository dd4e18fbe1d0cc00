// The sound of the upstream: 16 bits per sample, in Base64. It is shown as it arrives, played if it is on, and not stored.

import { $, announce, element } from './dom.js';
import { plural } from './words.js';

const RATE = 24_000;
const SOON = 0.05; // seconds
const MOST_AHEAD = 10;

let context; // while sound is on
let end = 0; // the time at which the scheduled sound ends

/** Offers to play the sound that arrives from now on. */
export function offerSound() {
	$('sound').addEventListener('click', () => {
		const on = !context;
		if (on) {
			context = new AudioContext({ sampleRate: RATE });
			end = 0;
		}
		else {
			context.close();
			context = undefined;
		}
		$('sound').setAttribute('aria-pressed', on);
		announce(on ? 'Sound is on' : 'Sound is off');
	});
}

/** @returns a line that shows the sound of an answer */
export function soundLine(reply) {
	const level = element('span', { class: 'level', 'aria-hidden': 'true' });
	const text = element('span');
	const line = element('p', { class: 'sound' }, level, text);
	const show = () => {
		const { pieces, allPieces, status } = reply;
		line.hidden = !pieces && !allPieces;
		line.dataset.status = status;
		text.textContent = allPieces === undefined || pieces >= allPieces ? `audio: ${plural(pieces, 'piece')}, not stored`
			: `audio: ${pieces} of ${plural(allPieces, 'piece')}. Sound is not stored, so the rest is missing; the text is complete`;
	};
	reply.addEventListener('sound', ({ detail: piece }) => {
		const samples = samplesOf(piece);
		level.style.setProperty('--level', levelOf(samples));
		play(samples);
		show();
	});
	reply.addEventListener('reset', show);
	reply.addEventListener('end', show);
	show();
	return line;
}

/** @returns the samples, from -1 to 1 */
function samplesOf(piece) {
	const bytes = Uint8Array.from(atob(piece), (character) => character.charCodeAt(0));
	const view = new DataView(bytes.buffer);
	return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(2 * i, true) / 0x8000);
}

/** @returns the volume, from 0 to 1 */
function levelOf(samples) {
	const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / (samples.length || 1);
	return Math.min(1, 4 * Math.sqrt(power)).toFixed(2);
}

/** Plays samples after those that are being played. */
function play(samples) {
	if (!context || !samples.length || end - context.currentTime > MOST_AHEAD) {
		return;
	}
	const buffer = context.createBuffer(1, samples.length, RATE);
	buffer.copyToChannel(samples, 0);
	const source = context.createBufferSource();
	source.buffer = buffer;
	source.connect(context.destination);
	end = Math.max(end, context.currentTime + SOON);
	source.start(end);
	end += buffer.duration;
}
