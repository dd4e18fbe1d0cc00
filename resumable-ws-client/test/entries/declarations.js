// Generates the declarations of the entries from their sources: node declarations.js [folder]

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const sources = join(here, '../../src');

/** The files of the entries, without extensions. */
export const names = ['ai-sdk', 'chat-session', 'conversation', 'react', 'reply-stream', 'store'];

/** Writes the declarations to a folder. Throws the compiler's messages if the sources have type errors. */
export function declare(folder) {
	// a copy without declarations, because the compiler prefers them to the sources
	const copy = mkdtempSync(join(here, 'declarations-'));
	try {
		names.forEach((name) => copyFileSync(join(sources, `${name}.js`), join(copy, `${name}.js`)));
		readdirSync(sources).filter((file) => file.endsWith('.d.ts') && !names.includes(file.slice(0, -5)))
			.forEach((file) => copyFileSync(join(sources, file), join(copy, file)));
		tsc('--strict', '--allowJs', '--checkJs', '--declaration', '--emitDeclarationOnly', '--skipLibCheck', '--target', 'es2022',
			'--lib', 'es2023,dom,dom.iterable', '--module', 'nodenext', '--types', 'react', '--rootDir', copy, '--outDir', resolve(folder),
			join(copy, 'react.js'), join(copy, 'ai-sdk.js'));
	}
	finally {
		rmSync(copy, { recursive: true });
	}
}

/** Runs the TypeScript compiler in this directory. */
export function tsc(...options) {
	try {
		execFileSync(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), ...options], { cwd: here, stdio: 'pipe' });
	}
	catch (error) {
		throw new Error(`${error.stdout}${error.stderr}`);
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	declare(process.argv[2] ?? sources);
}
