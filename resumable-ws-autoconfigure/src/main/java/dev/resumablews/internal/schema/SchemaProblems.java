package dev.resumablews.internal.schema;

import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Describes problems of tables that were not created by the library, and how to fix them.
 */
final class SchemaProblems {

	private static final int NAMED = 3;

	private SchemaProblems() {
	}

	/**
	 * Checks that the role may use the tables.
	 * @param installed the installed schema
	 * @throws ResumableWsConfigurationException if a grant or a policy is missing
	 */
	static void requireAccess(InstalledSchema installed) {
		String role = "\"" + installed.role() + "\"";
		if (!installed.unusable().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"Role %s may not use the schema %s, in which the tables of resumable-ws are.".formatted(role,
							installed.unusable()),
					"Run as its owner: grant usage on schema %s to %s".formatted(installed.unusable(), role));
		}
		if (!installed.privileges().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"Role %s lacks the privilege to %s on %s.".formatted(role,
							list(all(installed.privileges().values()), Integer.MAX_VALUE),
							list(installed.privileges().keySet(), NAMED)),
					"Run as the owner of the tables: grant select, insert, update, delete on %s to %s"
						.formatted(String.join(", ", installed.privileges().keySet()), role));
		}
		if (!installed.policies().isEmpty()) {
			throw new ResumableWsConfigurationException(
					"Row-level security is on for %s, and no policy lets role %s %s rows.".formatted(
							list(installed.policies().keySet(), NAMED), role,
							list(all(installed.policies().values()), Integer.MAX_VALUE)),
					("Run as the owner, for each table: create policy resumable_ws on %s to %s using (true) with check "
							+ "(true)")
						.formatted(installed.policies().keySet().iterator().next(), role));
		}
	}

	/**
	 * Returns a list of names, abbreviated if there are many.
	 * @param names the names
	 * @param most maximum number of names
	 * @return the names, and the number of further names
	 */
	static String list(Collection<String> names, int most) {
		List<String> some = names.stream().limit(most).toList();
		int more = names.size() - some.size();
		return String.join(", ", some) + ((more > 0) ? " and %d more".formatted(more) : "");
	}

	private static Set<String> all(Collection<Set<String>> sets) {
		Set<String> all = new TreeSet<>();
		sets.forEach(all::addAll);
		return all;
	}

}
