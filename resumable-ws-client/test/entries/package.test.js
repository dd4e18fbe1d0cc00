// What others see of the entries: their declarations, the examples, and their size.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { declare, names, tsc } from './declarations.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = join(here, '../../src');
/** Bytes, minified and gzipped, without the client itself and the framework. */
const MOST = { react: 2560, 'ai-sdk': 4352 };

test('the declarations are those of the sources, which have no type errors', () => {
	const folder = mkdtempSync(join(tmpdir(), 'declarations-'));
	try {
		declare(folder);
		for (const name of names) {
			assert.equal(readFileSync(join(sources, `${name}.d.ts`), 'utf8'), readFileSync(join(folder, `${name}.d.ts`), 'utf8'),
				`${name}.d.ts is not up to date: npm run declarations`);
		}
	}
	finally {
		rmSync(folder, { recursive: true });
	}
});

test('the examples and a strict consumer compile', () => tsc('-p', 'examples'));

test('the README shows the examples as they are', () => {
	const readme = readFileSync(join(here, '../../README.md'), 'utf8');
	for (const name of readdirSync(join(here, 'examples')).filter((file) => file.endsWith('.tsx'))) {
		assert.ok(readme.includes(`\`\`\`tsx\n${readFileSync(join(here, 'examples', name), 'utf8')}\`\`\`\n`), `${name} is not in the README`);
	}
});

for (const [name, most] of Object.entries(MOST)) {
	test(`the entry '${name}' is small, and loads nothing but the client and its framework`, async () => {
		const { outputFiles, metafile } = await build({
			entryPoints: [join(sources, `${name}.js`)], bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, metafile: true,
			external: ['react', './client.js'],
		});
		const size = gzipSync(outputFiles[0].contents, { level: 9 }).length;
		console.error(`resumable-ws-client/${name}: ${outputFiles[0].contents.length} bytes minified, ${size} minified and gzipped (at most ${most})`);
		assert.ok(size <= most, `${size} bytes`);
		const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
		assert.deepEqual([...new Set(imports)].sort(), name === 'react' ? ['./client.js', 'react'] : ['./client.js']);
	});
}

test('each file of the package that an entry needs is in it, with its declarations', async () => {
	const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: join(here, '../..'), stdio: 'pipe' }));
	const paths = files.map(({ path }) => path);
	for (const name of names) {
		assert.ok(paths.includes(`src/${name}.js`) && paths.includes(`src/${name}.d.ts`), name);
	}
	assert.ok(paths.every((path) => !path.startsWith('test/') && !path.startsWith('src/test/')), `${paths}`);
});
