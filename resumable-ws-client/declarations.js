// Checks the types of client.js, unsent.js and codes.js, and writes their declarations: node declarations.js. With --check, compares them with those that are there instead.

import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const config = ts.getParsedCommandLineOfConfigFile(new URL('tsconfig.json', import.meta.url).pathname, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail });
const program = ts.createProgram(config.fileNames, config.options);
const declarations = new Map();
const emitted = program.emit(undefined, (name, text) => declarations.set(name, text));
const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
problems.forEach(fail);
if (problems.length === 0) {
	// what these import is checked, too, and is not part of the API
	for (const [name, text] of [...declarations].filter(([name]) => config.fileNames.includes(name.replace('.d.ts', '.js')))) {
		// tsc drops the type arguments of @extends
		const written = text.replace('extends ResumableWebSocket_base {', 'extends ResumableWebSocket_base<import("./types.js").ClientEvents<E>> {');
		if (!process.argv.includes('--check')) {
			writeFileSync(name, written);
		}
		else if (readFileSync(name, 'utf8') !== written) {
			console.error(`${name} is not what is generated from its source: run npm run types`);
			process.exitCode = 1;
		}
	}
}

function fail(diagnostic) {
	console.error(ts.formatDiagnostic(diagnostic, { getCurrentDirectory: () => process.cwd(), getCanonicalFileName: (name) => name, getNewLine: () => '\n' }).trim());
	process.exitCode = 1;
}
