// Checks the types of client.js, and writes its declarations: node declarations.js. With --check, compares them with those that are there instead.

import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const FILE = new URL('src/client.d.ts', import.meta.url);
const config = ts.getParsedCommandLineOfConfigFile(new URL('tsconfig.json', import.meta.url).pathname, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: fail });
const program = ts.createProgram(config.fileNames, config.options);
let declarations;
const emitted = program.emit(undefined, (name, text) => declarations = text);
const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
problems.forEach(fail);
if (problems.length === 0) {
	// tsc drops the type arguments of @extends
	const written = declarations.replace('extends ResumableWebSocket_base {', 'extends ResumableWebSocket_base<import("./types.js").ClientEvents<E>> {');
	if (!process.argv.includes('--check')) {
		writeFileSync(FILE, written);
	}
	else if (readFileSync(FILE, 'utf8') !== written) {
		console.error('src/client.d.ts is not what is generated from src/client.js: run npm run types');
		process.exitCode = 1;
	}
}

function fail(diagnostic) {
	console.error(ts.formatDiagnostic(diagnostic, { getCurrentDirectory: () => process.cwd(), getCanonicalFileName: (name) => name, getNewLine: () => '\n' }).trim());
	process.exitCode = 1;
}
