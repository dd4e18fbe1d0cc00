// Prints the sizes of the entries, minified and gzipped, without the client and the frameworks, and their imports: node size.js

import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const sizes = {};
for (const name of ['react', 'ai-sdk']) {
	const { outputFiles: [{ contents }], metafile } = await build({
		entryPoints: [fileURLToPath(new URL(`../../src/${name}.js`, import.meta.url))], bundle: true, minify: true, format: 'esm', target: 'es2022',
		write: false, metafile: true, external: ['react', 'ai', './client.js'],
	});
	const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
	sizes[name] = { minified: contents.length, gzipped: gzipSync(contents, { level: 9 }).length, imports: [...new Set(imports)].sort().join(', ') };
}
console.log(JSON.stringify(sizes));
