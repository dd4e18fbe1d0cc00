// A page with a listener that throws, and another one: node throwing-page.js <url>

import { ResumableWebSocket } from '../src/client.js';

process.on('uncaughtException', (error) => console.log(error.message));
const client = new ResumableWebSocket(process.argv[2], { storage: 'memory' });
client.addEventListener('event', ({ detail }) => { throw new Error(`uncaught ${detail.event_id}`); });
client.addEventListener('event', ({ detail }) => {
	console.log('saw', detail.event_id);
	if (detail.event_id === 2) {
		setTimeout(() => {
			console.log('stored', client.lastEventId);
			client.close();
		});
	}
});
