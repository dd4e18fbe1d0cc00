// Fails unless package.json has what a publisher sets, and the version of the Maven modules: see "Releasing" in CONTRIBUTING.md.

import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const version = /<artifactId>resumable-ws-parent<\/artifactId>\s*<version>(.+?)<\/version>/.exec(readFileSync('../pom.xml', 'utf8'))?.[1];
const problems = [
	...required('homepage', manifest.homepage),
	...required('repository.url', manifest.repository?.url),
	...required('bugs.url', manifest.bugs?.url ?? manifest.bugs),
	...required('author', manifest.author?.name ?? manifest.author)
];
if (manifest.version !== version) {
	problems.push(`The version is ${manifest.version}, and that of the Maven modules is ${version}. A release has the same version in both.`);
}
if (problems.length > 0) {
	console.error(`resumable-ws-client cannot be published:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
	process.exitCode = 1;
}

function required(name, value) {
	return value ? [] : [`"${name}" is missing in package.json. Set it: npm pkg set ${name}=...`];
}
