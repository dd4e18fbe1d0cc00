// Prints the size of a script of the client, minified and gzipped: node size.js <terser's bundle> <script>

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// the bundle requires a module for source maps, which are not generated here
const terser = {};
new Function('exports', 'require', 'module', readFileSync(process.argv[2], 'utf8'))(terser, () => ({}), {});
const source = readFileSync(new URL(`../src/${process.argv[3]}`, import.meta.url), 'utf8');
const { code } = await terser.minify(source, { module: true, ecma: 2022 });
console.log(JSON.stringify({ source: Buffer.byteLength(source), minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length }));
