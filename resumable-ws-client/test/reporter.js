// A reporter for node:test that prints a line of JSON for each test, which Node.java reads.

export default async function* report(source) {
	for await (const { type, data } of source) {
		if (type === 'test:pass' || type === 'test:fail') {
			const { name, skip, details: { error } } = data;
			const failure = type === 'test:fail' ? String((error?.cause?.stack ?? error?.cause ?? error?.stack) || 'failed') : undefined;
			yield `${JSON.stringify({ name, skipped: skip !== undefined, failure })}\n`;
		}
	}
}
