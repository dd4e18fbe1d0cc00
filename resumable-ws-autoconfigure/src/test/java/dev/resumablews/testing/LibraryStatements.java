package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.resumablews.ResumableSessions;
import org.jspecify.annotations.Nullable;

import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.FieldVisitor;
import org.springframework.asm.Handle;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.SpringAsmInfo;

/**
 * The SQL statements of the library, read from the constants of its classes. A new
 * statement is therefore included without a list to maintain. Safe for use by many
 * threads.
 */
public final class LibraryStatements {

	private static final int ASM = SpringAsmInfo.ASM_VERSION;

	/**
	 * SQL is lower case in this project, and no prose begins with these words.
	 */
	private static final Pattern SQL = Pattern.compile("(select|with|insert into|update|delete from|listen|notify"
			+ "|create (schema|table|index|unique|database)|drop|alter|truncate|lock table|set local|show) .*"
			+ "|.*\\bws_(sessions|events|idempotency_keys|live_connections|replies|connected_nodes|signals"
			+ "|empty_sessions|disconnects|relays)\\b.*", Pattern.DOTALL);

	private static final Pattern NAME = Pattern.compile("[a-z_]+");

	/**
	 * The placeholders of a statement.
	 */
	private static final Pattern PLACEHOLDER = Pattern
		.compile("%s|%(?:\\d+\\$)?d|\u0001|(?<!:):[a-zA-Z]+|ws_epoch\\(\\)");

	private static final int SHORTEST_PIECE = 8;

	private final Map<String, List<String>> classes;

	private final Map<String, Boolean> known = new ConcurrentHashMap<>();

	private LibraryStatements(Map<String, List<String>> classes) {
		this.classes = classes;
	}

	/**
	 * Reads the classes of the library.
	 * @return the statements
	 */
	public static LibraryStatements read() {
		try {
			Path location = Path
				.of(ResumableSessions.class.getProtectionDomain().getCodeSource().getLocation().toURI());
			if (Files.isDirectory(location)) {
				return new LibraryStatements(classes(location));
			}
			try (FileSystem jar = FileSystems.newFileSystem(location)) {
				return new LibraryStatements(classes(jar.getPath("/")));
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (URISyntaxException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Map<String, List<String>> classes(Path root) throws IOException {
		Map<String, List<String>> classes = new TreeMap<>();
		try (Stream<Path> files = Files.walk(root)) {
			for (Path file : files.filter((path) -> path.toString().endsWith(".class")).toList()) {
				Constants constants = new Constants();
				new ClassReader(Files.readAllBytes(file)).accept(constants, ClassReader.SKIP_DEBUG);
				List<String> sql = constants.found.stream()
					.map(PostgresRequest::normalize)
					.filter((text) -> SQL.matcher(text).matches() && !NAME.matcher(text).matches())
					.distinct()
					.toList();
				if (!sql.isEmpty()) {
					classes.put(root.relativize(file).toString().replace(".class", "").replace('/', '.'), sql);
				}
			}
		}
		return classes;
	}

	/**
	 * Returns the SQL constants by class.
	 * @return the constants, normalized by {@link PostgresRequest#normalize}
	 */
	public Map<String, List<String>> byClass() {
		return this.classes;
	}

	/**
	 * Returns whether a statement belongs to the library.
	 * @param sql the statement, from {@link PostgresRequest#normalize} or
	 * {@link PostgresRequest#key}
	 * @return whether it contains one of the constants
	 */
	public boolean contains(String sql) {
		return this.known.computeIfAbsent(sql,
				(text) -> this.classes.values()
					.stream()
					.flatMap(Collection::stream)
					.anyMatch((each) -> holds(text, each)));
	}

	/**
	 * Returns whether a request belongs to the library: one of its statements, or the
	 * commit after one.
	 * @param request the request
	 * @return whether it belongs to the library
	 */
	public boolean contains(PostgresRequest request) {
		return contains(request.key());
	}

	/**
	 * Returns the constants that no executed statement contains.
	 * @param executed the executed statements
	 * @return the class and text of each missing constant
	 */
	public List<String> missingFrom(Collection<String> executed) {
		List<String> missing = new ArrayList<>();
		this.classes.forEach((type, constants) -> constants.stream()
			.filter((constant) -> executed.stream().noneMatch((sql) -> holds(sql, constant)))
			.forEach((constant) -> missing.add(type + ": " + constant)));
		return missing;
	}

	private static boolean holds(String sql, String constant) {
		int from = 0;
		boolean found = false;
		for (String piece : PLACEHOLDER.split(constant)) {
			String text = piece.strip();
			if (text.length() >= SHORTEST_PIECE) {
				int at = sql.indexOf(text, from);
				if (at < 0) {
					return false;
				}
				from = at + text.length();
				found = true;
			}
		}
		return found;
	}

	/**
	 * Collects the string constants of a class.
	 */
	private static final class Constants extends ClassVisitor {

		private final List<String> found = new ArrayList<>();

		Constants() {
			super(ASM);
		}

		@Override
		public @Nullable FieldVisitor visitField(int access, String name, String descriptor, @Nullable String signature,
				@Nullable Object value) {
			add(value);
			return null;
		}

		@Override
		public MethodVisitor visitMethod(int access, String name, String descriptor, @Nullable String signature,
				String @Nullable [] exceptions) {
			return new MethodVisitor(ASM) {

				@Override
				public void visitLdcInsn(Object value) {
					add(value);
				}

				@Override
				public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap,
						Object... arguments) {
					for (Object argument : arguments) {
						add(argument);
					}
				}

			};
		}

		private void add(@Nullable Object value) {
			if (value instanceof String text) {
				this.found.add(text);
			}
		}

	}

}
