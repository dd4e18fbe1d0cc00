package dev.resumablews.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests of the package that is published to npm.
 */
class PackageTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	@TempDir
	private Path folder;

	@BeforeEach
	void assumeNode() {
		Node.assumeInstalled();
	}

	@Test
	void theVersionMatchesTheMavenModules() throws IOException {
		String version = System.getProperty("project.version").replace("-SNAPSHOT", "");
		assertThat(json(Path.of("package.json")).path("version").asString()).isEqualTo(version);
		JsonNode lock = json(Path.of("package-lock.json"));
		assertThat(lock.path("version").asString()).isEqualTo(version);
		assertThat(lock.path("packages").path("").path("version").asString()).isEqualTo(version);
		JsonNode entries = json(Path.of("test/entries/package-lock.json"));
		assertThat(entries.path("packages").path("../..").path("version").asString()).isEqualTo(version);
	}

	@Test
	void theLicenseMatchesTheProject() {
		assertThat(Path.of("LICENSE")).hasSameTextualContentAs(Path.of("../LICENSE"));
	}

	@Test
	void thePackageContainsOnlyTheScriptsAndTheirDeclarations() {
		Node.Output output = Npm.run("pack", "--dry-run", "--json", "--ignore-scripts");
		assertThat(output.status()).as(output.errors()).isZero();
		JsonNode files = JSON.readTree(output.text()).findPath("files");
		assertThat(StreamSupport.stream(files.spliterator(), false).map((file) -> file.path("path").asString()))
			.containsExactlyInAnyOrder("LICENSE", "README.md", "package.json", "src/ai-sdk.d.ts", "src/ai-sdk.js",
					"src/chat-session.d.ts", "src/chat-session.js", "src/client.d.ts", "src/client.js",
					"src/codes.d.ts", "src/codes.js", "src/conversation.d.ts", "src/conversation.js", "src/http.js",
					"src/react.d.ts", "src/react.js", "src/reply-stream.d.ts", "src/reply-stream.js", "src/store.d.ts",
					"src/store.js", "src/types.d.ts", "src/unsent.d.ts", "src/unsent.js");
	}

	@Test
	void aPackageWithoutThePublishersDataIsNotPublished() throws IOException {
		Node.Output output = publishable("1.2.3", """
				{ "version": "1.2.3", "repository": { "type": "git" } }
				""");
		assertThat(output.status()).isEqualTo(1);
		assertThat(output.errors().lines()).containsExactly("resumable-ws-client cannot be published:",
				"- \"homepage\" is missing in package.json. Set it: npm pkg set homepage=...",
				"- \"repository.url\" is missing in package.json. Set it: npm pkg set repository.url=...",
				"- \"bugs.url\" is missing in package.json. Set it: npm pkg set bugs.url=...",
				"- \"author\" is missing in package.json. Set it: npm pkg set author=...");
	}

	@Test
	void aPackageWhoseVersionDiffersFromTheMavenModulesIsNotPublished() throws IOException {
		Node.Output output = publishable("1.2.3-SNAPSHOT", complete("1.2.3"));
		assertThat(output.status()).isEqualTo(1);
		assertThat(output.errors().lines()).containsExactly("resumable-ws-client cannot be published:",
				"- The version is 1.2.3, and that of the Maven modules is 1.2.3-SNAPSHOT. "
						+ "A release has the same version in both.");
	}

	@Test
	void aCompletePackageIsPublished() throws IOException {
		Node.Output output = publishable("1.2.3", complete("1.2.3"));
		assertThat(output.status()).as(output.errors()).isZero();
	}

	@Test
	void npmRunsTheCheckBeforeItPublishes() throws IOException {
		assertThat(json(Path.of("package.json")).path("scripts").path("prepublishOnly").asString())
			.isEqualTo("node publishable.js");
	}

	private Node.Output publishable(String mavenVersion, String manifest) throws IOException {
		Files.writeString(this.folder.resolve("pom.xml"),
				Files.readString(Path.of("../pom.xml"))
					.replaceFirst("(?s)(<artifactId>resumable-ws-parent</artifactId>\\s*<version>).+?<",
							"$1" + mavenVersion + "<"));
		Path client = Files.createDirectory(this.folder.resolve("client"));
		Files.writeString(client.resolve("package.json"), manifest);
		String script = Path.of("publishable.js").toUri().toString();
		String run = "process.chdir('%s'); await import('%s')".formatted(client, script);
		return Node.execute(List.of("node", "--input-type=module", "--eval", run), Map.of());
	}

	private static String complete(String version) {
		return """
				{
					"version": "%s",
					"author": "Jane",
					"homepage": "https://resumablews.example",
					"bugs": { "url": "https://git.example/resumable-ws/issues" },
					"repository": { "type": "git", "url": "git+https://git.example/resumable-ws.git" }
				}
				""".formatted(version);
	}

	private static JsonNode json(Path file) throws IOException {
		return JSON.readTree(Files.readString(file));
	}

}
