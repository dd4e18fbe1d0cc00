package dev.resumablews.internal.security;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Compiles what the documentation shows.
 */
class SecurityDocumentationTests {

	private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

	private static final String IMPORTS = """
			import dev.resumablews.*;
			import org.springframework.context.annotation.*;
			import org.springframework.security.access.prepost.*;
			import org.springframework.security.config.Customizer;
			import org.springframework.security.config.annotation.web.builders.HttpSecurity;
			import org.springframework.security.core.Authentication;
			import org.springframework.security.oauth2.server.resource.authentication.*;
			import org.springframework.security.web.SecurityFilterChain;
			import org.springframework.stereotype.Component;
			""";

	@Test
	void theSnippetsCompile(@TempDir Path classes) throws IOException {
		List<JavaFileObject> sources = sources();
		assertThat(sources).hasSizeGreaterThan(4);
		StringWriter errors = new StringWriter();
		assertThat(ToolProvider.getSystemJavaCompiler()
			.getTask(errors, null, null, List.of("-proc:none", "-d", classes.toString()), null, sources)
			.call()).as(errors::toString).isTrue();
	}

	private static List<JavaFileObject> sources() throws IOException {
		Matcher snippets = SNIPPET.matcher(Files.readString(Path.of("../docs/security.md")));
		List<JavaFileObject> sources = new ArrayList<>();
		while (snippets.find()) {
			String name = "Snippet" + sources.size();
			sources.add(new Source(name, IMPORTS + "class " + name + " {\n" + snippets.group(1) + "}\n"));
		}
		return sources;
	}

	private static final class Source extends SimpleJavaFileObject {

		private final String text;

		private Source(String name, String text) {
			super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
			this.text = text;
		}

		@Override
		public CharSequence getCharContent(boolean ignoreEncodingErrors) {
			return this.text;
		}

	}

}
