// Tests of the published parts of the entries: declarations, examples and files.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { declare, names, tsc } from './declarations.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = join(here, '../../src');
test('the declarations match the sources, which have no type errors', () => {
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

test('the README contains the examples verbatim', () => {
	const readme = readFileSync(join(here, '../../README.md'), 'utf8');
	for (const name of readdirSync(join(here, 'examples')).filter((file) => file.endsWith('.tsx'))) {
		assert.ok(readme.includes(`\`\`\`tsx\n${readFileSync(join(here, 'examples', name), 'utf8')}\`\`\`\n`), `${name} is not in the README`);
	}
});

test('the package contains each file that an entry needs, with its declarations', async () => {
	const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: join(here, '../..'), stdio: 'pipe' }));
	const paths = files.map(({ path }) => path);
	for (const name of names) {
		assert.ok(paths.includes(`src/${name}.js`) && paths.includes(`src/${name}.d.ts`), name);
	}
	assert.ok(paths.every((path) => !path.startsWith('test/') && !path.startsWith('src/test/')), `${paths}`);
});
