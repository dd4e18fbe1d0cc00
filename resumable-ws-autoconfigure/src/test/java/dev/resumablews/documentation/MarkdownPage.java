package dev.resumablews.documentation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of the documentation.
 *
 * @param path the page, relative to the root of the project
 * @param blocks its fenced blocks
 * @param links its links to other pages and sections
 * @param anchors the anchors of its sections
 */
record MarkdownPage(Path path, List<CodeBlock> blocks, List<Link> links, Set<String> anchors) {

	/**
	 * The root of the project, relative to the folder of the module in which tests run.
	 */
	static final Path ROOT = Path.of("..");

	private static final Pattern FENCE = Pattern.compile("^\\s*```(\\w*)\\s*$");

	private static final Pattern HEADING = Pattern.compile("^#{1,6} +(.*?)\\s*$");

	private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

	private static final Pattern EXPLICIT_ANCHOR = Pattern.compile("<a id=\"([^\"]+)\">");

	private static final Pattern CODE = Pattern.compile("`[^`]*`");

	/**
	 * Reads all pages of the documentation.
	 */
	static List<MarkdownPage> all() throws IOException {
		try (Stream<Path> root = Files.list(ROOT);
				Stream<Path> docs = Files.list(ROOT.resolve("docs"));
				Stream<Path> modules = Stream.of("resumable-ws-client/README.md", "sample-app/README.md")
					.map(ROOT::resolve)) {
			return Stream.of(root, docs, modules)
				.flatMap((paths) -> paths)
				.filter((path) -> path.toString().endsWith(".md"))
				.sorted()
				.map(MarkdownPage::read)
				.toList();
		}
	}

	private static MarkdownPage read(Path file) {
		Path path = ROOT.relativize(file);
		List<CodeBlock> blocks = new ArrayList<>();
		List<Link> links = new ArrayList<>();
		Set<String> anchors = new HashSet<>();
		Map<String, Integer> headings = new HashMap<>();
		StringBuilder block = null;
		int start = 0;
		String language = "";
		int number = 0;
		for (String line : lines(file)) {
			number++;
			var fence = FENCE.matcher(line);
			if (fence.matches() && block == null) {
				block = new StringBuilder();
				start = number;
				language = fence.group(1);
			}
			else if (fence.matches()) {
				blocks.add(new CodeBlock(path, start, language, block.toString()));
				block = null;
			}
			else if (block != null) {
				block.append(line).append('\n');
			}
			else {
				var heading = HEADING.matcher(line);
				if (heading.matches()) {
					String anchor = anchor(heading.group(1));
					int same = headings.merge(anchor, 1, Integer::sum);
					anchors.add((same == 1) ? anchor : anchor + "-" + (same - 1));
				}
				EXPLICIT_ANCHOR.matcher(line).results().map((anchor) -> anchor.group(1)).forEach(anchors::add);
				int at = number;
				LINK.matcher(CODE.matcher(line).replaceAll("code"))
					.results()
					.map((link) -> new Link(path, at, link.group(1)))
					.forEach(links::add);
			}
		}
		if (block != null) {
			throw new IllegalStateException(path + ":" + start + ": the block is not closed");
		}
		return new MarkdownPage(path, blocks, links, anchors);
	}

	/**
	 * Returns the anchor that GitHub generates for a heading.
	 */
	private static String anchor(String heading) {
		return heading.replaceAll("\\]\\([^)]*\\)", "]")
			.toLowerCase(Locale.ROOT)
			.replaceAll("[^\\p{L}\\p{N} _-]", "")
			.replace(' ', '-');
	}

	private static List<String> lines(Path file) {
		try {
			return Files.readAllLines(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * A link.
	 *
	 * @param page the page, relative to the root of the project
	 * @param line the number of the line
	 * @param target the target as written in the page
	 */
	record Link(Path page, int line, String target) {

		boolean isRelative() {
			return !this.target.matches("[a-z]+:.*");
		}

		/**
		 * Returns the target file, relative to the root of the project.
		 */
		Path file() {
			String file = this.target.replaceFirst("#.*", "");
			return file.isEmpty() ? this.page : this.page.resolveSibling(file).normalize();
		}

		/**
		 * Returns the anchor of the target section; empty if there is none.
		 */
		String section() {
			return this.target.contains("#") ? this.target.replaceFirst(".*#", "") : "";
		}

		@Override
		public String toString() {
			return this.page + ":" + this.line + " (" + this.target + ")";
		}

	}

}
