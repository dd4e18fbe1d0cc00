// Descriptions of close codes.

const CLOSES = {
	1000: ['ended', 'The conversation was closed'],
	1001: ['server gone', 'The server went away'],
	1006: ['cut', 'The connection broke off'],
	1011: ['server error', 'The server had an error'],
	1012: ['server restarted', 'The server restarts'],
	1013: ['too slow', 'The connection was too slow for the messages of the server'],
	4400: ['not understood', 'The server does not understand this page; reload it'],
	4401: ['token expired', 'The token has expired'],
	4408: ['silent', 'The server received nothing from this page'],
	4409: ['too many tabs', 'This conversation is open in too many tabs'],
	4429: ['too fast', 'More was sent than the server allows'],
};

/** One or two words for a mark. */
export const closeLabel = (code) => CLOSES[code]?.[0] ?? 'cut';

/** A sentence, without its full stop. */
export const closeText = (code) => CLOSES[code]?.[1] ?? 'The connection broke off';

export const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

export const clock = (date) => date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
