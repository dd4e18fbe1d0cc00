package com.example.chat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests how browsers load the page and its files.
 */
class StaticFilesTests {

	private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"#]+\\.\\w+)\"");

	private static final Pattern PRELOAD = Pattern.compile("<link rel=\"modulepreload\" href=\"([^\"]+)\">");

	private static final Pattern IMPORT = Pattern.compile("^import [^'\"]*['\"]([^'\"]+)['\"];$", Pattern.MULTILINE);

	private static final HttpClient HTTP = HttpClient.newHttpClient();

	private static RunningSample sample;

	private static URI page;

	@BeforeAll
	static void start(@TempDir Path folder) {
		sample = RunningSample.start(folder);
		page = URI.create("http://localhost:" + sample.port() + "/");
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@Test
	void aCachedFileIsRevalidatedAndNotSentAgain() throws Exception {
		for (URI file : files()) {
			HttpResponse<byte[]> first = get(file);
			assertThat(first.statusCode()).as("%s", file).isEqualTo(200);
			assertThat(first.headers().firstValue("Cache-Control")).as("%s", file).contains("no-cache");
			assertThat(first.headers().firstValue("Last-Modified")).as("%s", file).isEmpty();
			String tag = first.headers().firstValue("ETag").orElseThrow();

			HttpResponse<byte[]> again = get(file, "If-None-Match", tag);
			assertThat(again.statusCode()).as("%s", file).isEqualTo(304);
			assertThat(again.body()).as("%s", file).isEmpty();
			assertThat(get(file, "If-None-Match", "\"of another build\"").body()).as("%s", file)
				.isEqualTo(first.body());
		}
	}

	@Test
	void longTextsAreCompressed() throws Exception {
		int plain = 0;
		int compressed = 0;
		for (URI file : files()) {
			byte[] content = get(file).body();
			HttpResponse<byte[]> response = get(file, "Accept-Encoding", "gzip");
			if (!isPicture(file) && content.length > 2048) {
				assertThat(response.headers().firstValue("Content-Encoding")).as("%s", file).contains("gzip");
				assertThat(new GZIPInputStream(new ByteArrayInputStream(response.body())).readAllBytes())
					.isEqualTo(content);
				String tag = response.headers().firstValue("ETag").orElseThrow();
				assertThat(get(file, "Accept-Encoding", "gzip", "If-None-Match", tag).statusCode()).as("%s", file)
					.isEqualTo(304);
			}
			plain += content.length;
			compressed += response.body().length;
		}
		System.out.printf("The page: %d files, %d bytes, %d compressed%n", files().size(), plain, compressed);
		assertThat(compressed).isLessThan(plain / 2);
	}

	@Test
	void allModulesArePreloaded() throws Exception {
		Set<URI> preloaded = matches(PRELOAD, page).collect(Collectors.toCollection(TreeSet::new));
		Set<URI> imported = new TreeSet<>();
		Deque<URI> modules = new ArrayDeque<>(List.of(page.resolve("app.js")));
		while (!modules.isEmpty()) {
			matches(IMPORT, modules.pop()).filter(imported::add).forEach(modules::push);
		}

		assertThat(preloaded).isEqualTo(imported).isNotEmpty();
	}

	/**
	 * Returns the page and all files that it links to, including all modules.
	 */
	private static Set<URI> files() throws Exception {
		Set<URI> files = matches(LINK, page).collect(Collectors.toCollection(TreeSet::new));
		files.add(page);
		return files;
	}

	private static Stream<URI> matches(Pattern pattern, URI file) throws Exception {
		String text = new String(get(file).body(), StandardCharsets.UTF_8);
		return pattern.matcher(text).results().map((MatchResult match) -> file.resolve(match.group(1)));
	}

	private static boolean isPicture(URI file) {
		return file.getPath().endsWith(".png") || file.getPath().endsWith(".ico");
	}

	private static HttpResponse<byte[]> get(URI file, String... headers) throws IOException, InterruptedException {
		HttpRequest.Builder request = HttpRequest.newBuilder(file);
		if (headers.length > 0) {
			request.headers(headers);
		}
		return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
	}

}
