// The service worker that keeps the page's files. On https and localhost only, and not needed elsewhere either.

const policy = globalThis.trustedTypes?.createPolicy('service-worker', { createScriptURL: (url) => url });

navigator.serviceWorker?.register(policy?.createScriptURL('/sw.js') ?? '/sw.js').then(keepWhatIsLoaded, () => {});

/** What was loaded before there was a service worker is asked for once more, from the browser's cache. */
async function keepWhatIsLoaded() {
	await navigator.serviceWorker.ready;
	const loaded = performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.startsWith(location.origin));
	const files = loaded.filter((name) => /\.(js|mjs|css|svg)$/.test(new URL(name).pathname));
	const cache = await caches.open('shell');
	await Promise.all(['/', ...files].map((name) => cache.add(name).catch(() => {})));
}
