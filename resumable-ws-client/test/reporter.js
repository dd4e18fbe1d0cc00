// A reporter for node:test that JUnit can read: a JSON object for each test, on a separate line.

export default async function* report(source) {
	for await (const { type, data } of source) {
		if (type === 'test:pass' || type === 'test:fail') {
			const { name, skip, details: { error } } = data;
			const failure = type === 'test:fail' ? String((error?.cause?.stack ?? error?.cause ?? error?.stack) || 'failed') : undefined;
			yield `${JSON.stringify({ name, skipped: skip !== undefined, failure })}\n`;
		}
	}
}
