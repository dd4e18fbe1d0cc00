package dev.resumablews.documentation;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import javax.xml.parsers.DocumentBuilderFactory;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsProperties;
import dev.resumablews.testing.Executables;
import dev.resumablews.testing.TestPostgres;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.PlaceholdersResolver;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.PropertiesPropertySourceLoader;
import org.springframework.boot.env.PropertySourceLoader;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Tests the documentation: its Java code is compiled, its properties exist, its other
 * code is valid, and its links have targets. A failure shows the page and the line.
 */
class DocumentationTests {

	private static final Path QUICKSTART = MarkdownPage.ROOT.resolve("samples/quickstart");

	private static final Pattern SCRIPT = Pattern.compile("<script type=\"module\">\n(.*?)</script>", Pattern.DOTALL);

	private static List<MarkdownPage> pages;

	@BeforeAll
	static void read() throws IOException {
		pages = MarkdownPage.all();
	}

	@Test
	void javaIsPartOfACompiledSource() throws IOException {
		CompiledSources sources = CompiledSources.read();
		assertNoneFails(blocks("java").stream(),
				(block) -> () -> assertThat(sources.contain(block.textWithoutFile())).as("is compiled").isTrue());
	}

	@Test
	void theQuickStartShowsTheFilesOfTheSample() throws IOException {
		List<CodeBlock> files = page("README.md").blocks()
			.stream()
			.filter((block) -> block.file().isPresent())
			.toList();
		assertThat(files).extracting((block) -> block.file().orElseThrow())
			.containsExactlyInAnyOrderElementsOf(filesOfTheQuickStart());
		for (CodeBlock block : files) {
			String file = block.file().orElseThrow();
			if (file.equals("pom.xml")) {
				assertThat(artifacts(Files.readString(QUICKSTART.resolve(file)))).as(block.toString())
					.containsAll(artifacts(block.text()));
			}
			else {
				assertThat(block.textWithoutFile()).as(block.toString())
					.isEqualTo(Files.readString(QUICKSTART.resolve(file)));
			}
		}
	}

	@Test
	void propertiesExistAndBind() {
		Set<String> names = propertyNames();
		assertNoneFails(Stream.concat(blocks("yaml").stream(), blocks("properties").stream()), (block) -> () -> {
			PropertySourceLoader loader = block.language().equals("yaml") ? new YamlPropertySourceLoader()
					: new PropertiesPropertySourceLoader();
			for (PropertySource<?> source : loader.load(block.toString(),
					new ByteArrayResource(block.text().getBytes()))) {
				assertThat(((EnumerablePropertySource<?>) source).getPropertyNames())
					.filteredOn((name) -> name.startsWith("resumable-ws."))
					.allMatch((name) -> exists(names, name));
				new Binder(ConfigurationPropertySources.from(source), anyPlaceholder()).bindOrCreate("resumable-ws",
						Bindable.of(ResumableWsProperties.class));
			}
		});
	}

	@Test
	void javaScriptIsValid(@TempDir Path folder) throws Exception {
		Path node = Executables.find("node").orElse(null);
		Assumptions.assumeTrue(node != null, "Node is not installed");
		List<CodeBlock> scripts = new ArrayList<>(blocks("js"));
		blocks("html").forEach((block) -> SCRIPT.matcher(block.text())
			.results()
			.forEach((script) -> scripts
				.add(new CodeBlock(block.page(), block.line(), block.language(), script.group(1)))));
		assertThat(scripts).hasSizeGreaterThan(5);
		Path file = folder.resolve("block.mjs");
		assertNoneFails(scripts.stream(), (block) -> () -> {
			Files.writeString(file, block.text());
			Process check = new ProcessBuilder(node.toString(), "--check", file.toString()).redirectErrorStream(true)
				.start();
			String output = new String(check.getInputStream().readAllBytes());
			assertThat(check.waitFor(10, TimeUnit.SECONDS)).isTrue();
			assertThat(check.exitValue()).as(output).isZero();
		});
	}

	@Test
	void xmlIsWellFormed() {
		assertNoneFails(blocks("xml").stream(), (block) -> () -> parse(block.text()));
	}

	@Test
	void jsonIsWellFormed() {
		assertNoneFails(blocks("json").stream(), (block) -> () -> {
			try (MappingIterator<JsonNode> values = JsonMapper.shared()
				.readerFor(JsonNode.class)
				.readValues(block.text())) {
				assertThat(values.readAll()).isNotEmpty();
			}
		});
	}

	@Test
	void sqlRunsOnTheTablesOfTheLibrary() throws Exception {
		try (HikariDataSource database = TestPostgres.pool(TestPostgres.createDatabase())) {
			TestPostgres.createTables(database);
			try (Connection connection = database.getConnection()) {
				connection.setAutoCommit(false);
				assertNoneFails(blocks("sql").stream().filter((block) -> block.text().contains("ws_")),
						(block) -> () -> {
							try {
								connection.createStatement().execute("create role app");
								connection.createStatement().execute(block.text());
							}
							finally {
								connection.rollback();
							}
						});
			}
		}
	}

	@Test
	void linksHaveTargets() {
		Map<Path, MarkdownPage> byPath = pages.stream()
			.collect(Collectors.toMap(MarkdownPage::path, Function.identity()));
		List<MarkdownPage.Link> links = pages.stream()
			.flatMap((page) -> page.links().stream())
			.filter(MarkdownPage.Link::isRelative)
			.toList();
		assertThat(links).isNotEmpty();
		assertThat(links.stream().filter((link) -> !Files.exists(MarkdownPage.ROOT.resolve(link.file()))))
			.as("links to files that do not exist")
			.isEmpty();
		assertThat(links.stream()
			.filter((link) -> !link.section().isEmpty() && byPath.containsKey(link.file()))
			.filter((link) -> !byPath.get(link.file()).anchors().contains(link.section())))
			.as("links to sections that do not exist")
			.isEmpty();
	}

	private static List<CodeBlock> blocks(String language) {
		return pages.stream()
			.flatMap((page) -> page.blocks().stream())
			.filter((block) -> block.language().equals(language))
			.toList();
	}

	private static MarkdownPage page(String path) {
		return pages.stream().filter((page) -> page.path().equals(Path.of(path))).findFirst().orElseThrow();
	}

	/**
	 * Checks all blocks, so that a failure shows every invalid one.
	 */
	private static void assertNoneFails(Stream<CodeBlock> blocks, Function<CodeBlock, ThrowingCallable> check) {
		List<CodeBlock> all = blocks.toList();
		assertThat(all).isNotEmpty();
		assertThat(all.stream()
			.flatMap((block) -> Stream.ofNullable(catchThrowable(check.apply(block)))
				.map((failure) -> block + ": " + failure.getMessage())))
			.isEmpty();
	}

	private static List<String> filesOfTheQuickStart() throws IOException {
		try (Stream<Path> files = Files.walk(QUICKSTART.resolve("src/main"))) {
			List<String> names = files.filter(Files::isRegularFile)
				.map((file) -> QUICKSTART.relativize(file).toString().replace('\\', '/'))
				.filter((file) -> !file.endsWith("package-info.java"))
				.collect(Collectors.toCollection(ArrayList::new));
			names.add("pom.xml");
			return names;
		}
	}

	private static Set<String> artifacts(String pom) {
		NodeList dependencies = parse(pom).getElementsByTagName("dependency");
		Set<String> artifacts = new TreeSet<>();
		for (int i = 0; i < dependencies.getLength(); i++) {
			Element dependency = (Element) dependencies.item(i);
			artifacts.add(dependency.getElementsByTagName("artifactId").item(0).getTextContent());
		}
		return artifacts;
	}

	/**
	 * Parses a document or a fragment of a document.
	 */
	private static Element parse(String xml) {
		try {
			DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
			factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
			String document = "<block>" + xml.replaceFirst("^<\\?xml[^>]*>", "") + "</block>";
			return factory.newDocumentBuilder().parse(new InputSource(new StringReader(document))).getDocumentElement();
		}
		catch (Exception ex) {
			throw new IllegalArgumentException(ex.getMessage(), ex);
		}
	}

	private static Set<String> propertyNames() {
		try {
			Path library = Path
				.of(ResumableWsProperties.class.getProtectionDomain().getCodeSource().getLocation().toURI());
			JsonNode properties = JsonMapper.shared()
				.readTree(library.resolve("META-INF/spring-configuration-metadata.json"))
				.path("properties");
			return StreamSupport.stream(properties.spliterator(), false)
				.map((property) -> property.path("name").asString())
				.collect(Collectors.toSet());
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static boolean exists(Set<String> names, String property) {
		String name = property.replaceFirst("\\[\\d+]$", "");
		return names.contains(name) || name.startsWith("resumable-ws.relay.");
	}

	/**
	 * Returns a resolver that replaces each placeholder with a value long enough for a
	 * secret.
	 */
	private static PlaceholdersResolver anyPlaceholder() {
		return (value) -> (value instanceof String text)
				? text.replaceAll("\\$\\{[^}]*}", "a-value-of-at-least-thirty-two-bytes") : value;
	}

}
