// A page that exits while it handles an event: node dying-page.js <url> <file> <id of the event, 0 for none>

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ResumableWebSocket } from '../src/client.js';

const [url, file, fatal] = process.argv.slice(2);
const items = new Map(existsSync(file) ? JSON.parse(readFileSync(file)) : []);
const write = () => writeFileSync(file, JSON.stringify([...items]));
const storage = {
	getItem: (key) => items.get(key) ?? null,
	setItem: (key, value) => { items.set(key, value); write(); },
	removeItem: (key) => { items.delete(key); write(); },
};

const client = new ResumableWebSocket(url, { storage, resume: 'cursor' });
client.addEventListener('event', ({ detail }) => {
	if (detail.event_id === Number(fatal)) {
		process.exit(7);
	}
	console.log('handled', detail.event_id);
});
client.addEventListener('replaycomplete', ({ detail }) => detail.count && client.close());
