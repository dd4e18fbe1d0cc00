// Registers the service worker that keeps the page's files. Browsers have service workers on https and localhost only.

const policy = globalThis.trustedTypes?.createPolicy('service-worker', { createScriptURL: (url) => url });

navigator.serviceWorker?.register(policy?.createScriptURL('/sw.js') ?? '/sw.js').then(keepWhatIsLoaded, () => {});

/** Keeps the files that were loaded before the service worker was ready. Most come from the browser's cache. */
async function keepWhatIsLoaded() {
	await navigator.serviceWorker.ready;
	const loaded = performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.startsWith(location.origin));
	const files = loaded.filter((name) => /\.(js|mjs|css|svg)$/.test(new URL(name).pathname));
	const cache = await caches.open('shell');
	await Promise.all(['/', ...files].map((name) => cache.add(name).catch(() => {})));
}
