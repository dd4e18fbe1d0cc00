// Keeps the page's files, so that a reload while the server restarts shows the page and not an error. A file from the
// server takes precedence, so that an old page never runs with a new client.

const CACHE = 'shell';
const NOT_KEPT = /^\/(api|ws|plain|actuator)(\/|$)/;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
	const { request } = event;
	const { origin, pathname } = new URL(request.url);
	if (request.method === 'GET' && origin === location.origin && !NOT_KEPT.test(pathname)) {
		event.respondWith(fresh(request));
	}
});

async function fresh(request) {
	const cache = await caches.open(CACHE);
	try {
		const response = await fetch(request);
		if (response.ok) {
			await cache.put(request, response.clone());
		}
		return response;
	}
	catch (error) {
		const kept = await cache.match(request, { ignoreSearch: true });
		if (kept) {
			return kept;
		}
		throw error;
	}
}
